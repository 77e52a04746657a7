"""`diembao digest`, `review` and `why` as commands."""

from __future__ import annotations

import json
import os
import pwd
import re
import shutil
import socket
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import msgspec
import pytest
import typer
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Session
from aiosmtpd.smtp import Envelope as SmtpEnvelope
from typer.testing import CliRunner

from services import resources, wiring
from services.adapters.manual_clock import ManualClock
from services.adapters.sqlite_bus import SqliteBus
from services.alerter.alert import Alerter
from services.cli import letters
from services.cli.archive import why
from services.domain.codec import encode
from services.domain.events import ENRICHED, Enriched
from services.ports.bus import Message
from services.rulebook.accepted import accept
from services.rulebook.load import load
from services.settings import load_settings
from tests.alerter.office import article, finding

LOGIN = pwd.getpwuid(os.geteuid()).pw_name
NOW = datetime.now(UTC)
PEOPLE = """
people:
  - {{login: {login}, name: Trần Văn Thử, email: thu@office.example, role: {role}}}
  - {{login: lanh-dao-mau, name: Nguyễn Thị Mẫu, email: mau@office.example, role: leadership}}
"""

app = typer.Typer()
app.command()(letters.digest)
app.command()(why)
app.add_typer(letters.review_app, name="review")


class Desk:
    """An installation in a folder, driven by its commands."""

    def __init__(self, folder: Path) -> None:
        self.config, self.data = folder / "config", folder / "data"
        shutil.copytree(resources.config_dir(), self.config)
        self.people("analyst")

    def people(self, role: str, login: str = LOGIN) -> None:
        (self.config / "people.yaml").write_text(PEOPLE.format(login=login, role=role), encoding="utf-8")

    def __call__(self, *arguments: str) -> tuple[int, str, str]:
        options = ["--config", str(self.config), "--data", str(self.data)]
        result = CliRunner().invoke(app, [*arguments, *options], env={"COLUMNS": "120"})
        return result.exit_code, result.stdout, result.stderr

    def enter(self, *articles: Enriched) -> None:
        """What the service would have done with them."""
        settings = load_settings(self.config, self.data, {})
        rules = load(self.config, samples=False)
        clock = ManualClock(NOW)
        self.data.mkdir(exist_ok=True)
        wiring.open_archive(settings, create=True).close()
        with (
            closing(SqliteBus(self.data / "bus.db", clock)) as bus,
            closing(wiring.open_ledger(settings, create=True)) as ledger,
            closing(wiring.open_mailer(settings)) as mailer,
        ):
            accept(ledger, rules, LOGIN, NOW)
            bus.publish(ENRICHED, [Message(one.article_id, encode(one)) for one in articles])
            alerter = Alerter(lambda: rules, settings, bus, ledger, mailer, clock, owner="run")
            while alerter.step():
                pass

    def letters(self) -> list[str]:
        return sorted(path.name for path in (self.data / "mail").glob("*.eml"))


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return Desk(tmp_path)


def fresh(n: int, **parts: object) -> Enriched:
    return article(n, first_seen=NOW, published_at=NOW - timedelta(hours=1), **parts)  # type: ignore[arg-type]  # as given


def with_finding() -> Enriched:
    fact = next(
        one for one in load(resources.config_dir(), samples=False).facts.facts.values() if one.status == "verified"
    )
    return fresh(1, findings=(finding(1, fact_id=fact.id),))


def test_digest_alone_prints_and_changes_nothing(desk: Desk) -> None:
    desk.enter(fresh(1, title="Bù Gia Mập có tin"))
    for _ in range(2):
        status, out, _ = desk("digest")
        assert status == 0
        assert "1. Bù Gia Mập có tin" in out
    assert desk.letters() == []


def test_digest_at_an_earlier_time_shows_what_was_there(desk: Desk) -> None:
    desk.enter(fresh(1, title="Bù Gia Mập có tin"))
    status, out, _ = desk("digest", "--at", (NOW - timedelta(hours=2)).isoformat())
    assert (status, "Bù Gia Mập có tin" in out) == (0, False)
    assert desk("digest", "--at", "hôm nay")[0] == 2


def test_digest_preview_writes_html(desk: Desk, tmp_path: Path) -> None:
    desk.enter(fresh(1, title="Bù Gia Mập có tin"))
    assert desk("digest", "--preview", str(tmp_path / "xem.html"))[0] == 0
    assert "Bù Gia Mập có tin" in (tmp_path / "xem.html").read_text(encoding="utf-8")
    assert desk("digest", "--preview", str(tmp_path / "khong-co" / "xem.html"))[0] == 2


def test_digest_send_moves_the_window_and_to_does_not(desk: Desk) -> None:
    desk.enter(fresh(1, title="Bù Gia Mập có tin"))
    status, out, _ = desk("digest", "--send", "--to", "toi@office.example")
    path = re.fullmatch(r"DIGEST (/.*\.eml)\n", out)
    assert status == 0
    assert path is not None
    assert Path(path[1]).exists()
    status, out, _ = desk("digest", "--send")
    assert (status, len(out.splitlines())) == (0, 2)
    assert len(desk.letters()) == 3
    assert "Bù Gia Mập có tin" not in desk("digest")[1]


@pytest.mark.parametrize(
    "address", ["bad-address", "a@b.vn\nBcc: c@d.vn", "a@b.vn\0", "a..b@d.vn", "a@", "a@b.vn,c@d.vn", "đ@b.vn", "a@[b"]
)
def test_no_letter_to_what_is_no_address(desk: Desk, address: str) -> None:
    status, _, said = desk("digest", "--send", "--to", address)
    assert (status, "không phải địa chỉ thư" in said) == (2, True)
    assert not desk.data.exists()


@pytest.mark.parametrize("at", ["9999-12-31T23:59:59Z", "0001-01-01"])
def test_a_time_that_no_calendar_of_ours_has(desk: Desk, at: str) -> None:
    desk.enter()
    status, _, said = desk("digest", "--at", at)
    assert (status, at in said) == (2, True)


def test_sending_the_same_period_again_says_so(desk: Desk) -> None:
    desk.enter(fresh(1))
    assert desk("digest", "--send")[0] == 0
    status, out, said = desk("digest", "--send")
    assert (status, out) == (0, "")
    assert "mau@office.example: kỳ này đã gửi lúc" in said
    assert len(desk.letters()) == 2


class _Refusing:
    """A relay that knows one recipient not."""

    async def handle_RCPT(  # noqa: N802 - the name that aiosmtpd calls
        self, server: SMTP, session: Session, envelope: SmtpEnvelope, address: str, options: list[str]
    ) -> str:
        if address.startswith("mau@"):
            return "550 no such user"
        envelope.rcpt_tos.append(address)
        return "250 OK"


def test_a_recipient_whom_the_relay_refuses_is_told_with_status_one(desk: Desk) -> None:
    with closing(socket.create_server(("127.0.0.1", 0))) as probe:
        port = int(probe.getsockname()[1])
    relay = Controller(_Refusing(), hostname="127.0.0.1", port=port)
    relay.start()
    try:
        path = desk.config / "diembao.yaml"
        text = path.read_text(encoding="utf-8").replace("mail: folder:mail", f"mail: smtp://127.0.0.1:{port}")
        path.write_text(text.replace("starttls: true", "starttls: false"), encoding="utf-8")
        desk.enter(fresh(1))
        status, out, said = desk("digest", "--send")
        assert (status, out.count("DIGEST")) == (1, 1), said
        assert "KHÔNG GỬI ĐƯỢC đến mau@office.example: " in said
        status, _, said = desk("digest", "--send", "--to", "mau@office.example")
        assert (status, "không được giữ lại để gửi sau" in said) == (1, True)
    finally:
        relay.stop()


def test_the_list_in_a_pipe_is_a_block_for_each_finding(desk: Desk) -> None:
    title = "Bù Gia Mập và nhiều xã vùng biên giới khác của tỉnh nhận thêm vốn làm đường trong mùa khô năm nay " * 2
    one = with_finding()
    desk.enter(msgspec.structs.replace(one, article=msgspec.structs.replace(one.article, title=title.strip())))
    out = desk("review", "list")[1]
    assert f"  {title.strip()}\n" in out
    assert "  Báo viết: 240 km\n  Sổ dữ kiện: 260,433 km\n" in out
    assert out.startswith("Phát hiện cần kiểm tra\n")
    desk("review", "dismiss", one.findings[0].finding_id, "--reason", "Bài nói về năm khác")
    assert desk("review", "list", "--all")[1].startswith("Mọi phát hiện, kể cả đã quyết định\n")


def test_options_that_do_not_go_together(desk: Desk, tmp_path: Path) -> None:
    assert desk("digest", "--to", "toi@office.example")[0] == 2
    assert desk("digest", "--send", "--preview", str(tmp_path / "xem.html"))[0] == 2
    assert desk("digest", "--send", "--at", "2026-11-24")[0] == 2


def test_review_from_list_to_taking_back(desk: Desk) -> None:
    one = with_finding()
    known = one.findings[0].finding_id
    desk.enter(one)
    assert known[:10] in desk("review", "list")[1]
    (line,) = desk("review", "list", "--json")[1].splitlines()
    assert {name: json.loads(line)[name] for name in ("finding_id", "status")} == {
        "finding_id": known,
        "status": "proposed",
    }
    shown = desk("review", "show", known[:10])[1]
    assert "240 km" in shown
    assert "260,433 km" in shown
    status, out, _ = desk("review", "confirm", known, "--reason", "Đã đối chiếu")
    assert (status, "chưa chính xác (đã xác nhận nội bộ); người quyết định: Trần Văn Thử" in out) == (0, True)
    status, _, said = desk("review", "confirm", known, "--reason", "Lần nữa")
    assert (status, "(đã xác nhận nội bộ)”, do Trần Văn Thử" in said) == (2, True)
    assert f" ngày {datetime.now(ZoneInfo('Asia/Ho_Chi_Minh')):%d/%m/%Y}, lý do" in said
    desk.enter()
    assert desk("review", "fix-register", known, "--reason", "Sổ ghi sai")[0] == 0
    desk.enter()
    assert len(desk.letters()) == 4  # proposed to the analyst, confirmed to leadership, taken back to both
    assert desk("review", "dismiss", known, "--reason", "Thêm")[0] == 2
    assert "Không có phát hiện nào" in desk("review", "list")[1]


def test_only_a_known_analyst_decides(desk: Desk) -> None:
    one = with_finding()
    desk.enter(one)
    for role, login in (("leadership", LOGIN), ("analyst", "nguoi-khac")):
        desk.people(role, login)
        desk.enter()
        status, _, said = desk("review", "dismiss", one.findings[0].finding_id, "--reason", "Không")
        assert status == 2
        assert f"- {{login: {LOGIN}, name:" in said


def test_a_configuration_of_ones_own_decides_and_changes_nothing(desk: Desk, tmp_path: Path) -> None:
    """A second --config with oneself as analyst and other readers: the accepted rules say who decides, who receives."""
    one = with_finding()
    desk.people("leadership", "lanh-dao-khac")
    desk.enter(one)
    own = Desk(tmp_path / "own")
    own.data = desk.data
    (own.config / "people.yaml").write_text(
        PEOPLE.format(login=LOGIN, role="analyst").replace("mau@office.example", "la@office.example"), encoding="utf-8"
    )
    before = desk.letters()
    for decision in ("confirm", "dismiss", "fix-register"):
        status, _, said = own("review", decision, one.findings[0].finding_id, "--reason", "Tự nhận")
        assert status == 2
        assert f"Tài khoản {LOGIN} chưa có trong people.yaml" in said
    assert desk.letters() == before
    status, _, said = own("digest", "--send")
    assert status == 0
    assert "mau@office.example" in said
    assert "la@office.example" not in said


def test_a_folder_being_edited_holds_up_no_letter(desk: Desk) -> None:
    desk.enter(fresh(1))
    (desk.config / "places.yaml").write_text("- id: [", encoding="utf-8")
    assert desk("digest")[0] == 0
    assert desk("review", "list")[0] == 0


def test_an_unknown_finding_is_status_two(desk: Desk) -> None:
    desk.enter()
    assert desk("review", "show", "abc")[0] == 2


def test_why(desk: Desk) -> None:
    desk.enter()
    status, out, _ = desk("why", "https://bao.example/chua-thay")
    assert (status, "Chưa nguồn nào đưa địa chỉ này" in out) == (1, True)
    status, out, _ = desk("why", "https://facebook.com/ai-do")
    assert (status, "không bao giờ được đọc" in out) == (1, True)
