"""`diembao enrich`: contracts.md, section 3."""

from __future__ import annotations

import json
import random
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec
import pytest
import typer
from typer.testing import CliRunner

from services.adapters.sqlite_archive import SqliteArchive
from services.adapters.sqlite_ledger import SqliteLedger
from services.adapters.system_clock import SystemClock
from services.cli.batch import enrich
from services.domain.address import canonical_url
from services.domain.article import id_of, tokens_of
from services.domain.events import Enriched
from services.domain.story import sketch_of
from services.enricher.neighbours import Neighbours
from services.enricher.sweep import Sweep

SEEN = datetime(2026, 11, 17, 5, tzinfo=UTC)

app = typer.Typer()
app.command()(enrich)

WIRE = (
    "Khoảng 2 giờ ngày 17/11, kho chứa hạt điều tại thôn Bù Rên, xã Bù Gia Mập, thành phố Đồng Nai bốc cháy dữ dội. "
    "Người dân dùng máy bơm tưới rẫy hút nước suối dập lửa trong lúc chờ hai xe chữa cháy vượt 34 km tới hiện trường. "
    "Đến 4 giờ 15 phút ngọn lửa được khống chế, khoảng 12 tấn hạt điều cùng mái tôn rộng 600 m2 bị thiêu rụi. "
    "Chủ kho cho biết số hàng vừa được gom xong để giao cho nhà máy trong tuần, thiệt hại hơn 500 triệu đồng. "
    "Nguyên nhân bước đầu được xác định do chập điện từ quạt sấy, không có người bị thương."
)
FIRST: dict[str, Any] = {
    "url": "https://bao-a.example/chay?utm_source=x",
    "title": "Cháy kho hạt điều ở Bù Gia Mập",
    "text": WIRE + "\nNguyễn Văn Mẫu",
    "published_at": "2026-11-17T09:00:00+07:00",
    "author": "Nguyễn Văn Mẫu",
    "extra": {"Byline": "x", "kept": 1},
}
COPY: dict[str, Any] = {
    "url": "https://bao-b.example/chay",
    "title": "Bà hỏa ghé kho điều",
    "text": WIRE,
    "published_at": "2026-11-17T10:00:00+07:00",
}
OTHER: dict[str, Any] = {"title": "Đăk Ơ thông đường", "text": "Xã Đăk Ơ, thành phố Đồng Nai thông xe 3 km đường."}


def run(tmp_path: Path, lines: list[Any], *options: str) -> tuple[int, list[dict[str, Any]]]:
    """(status, answers). Strings go in as they are."""
    given = "\n".join(line if isinstance(line, str) else json.dumps(line, ensure_ascii=False) for line in lines)
    result = CliRunner().invoke(app, [*options, "--data", str(tmp_path / "data")], input=given.encode())
    assert result.stderr == ""
    return result.exit_code, [json.loads(line) for line in result.stdout.splitlines()]


def test_our_keys_are_added_and_author_fields_dropped(tmp_path: Path) -> None:
    status, [first] = run(tmp_path, [FIRST])
    assert status == 0
    assert first["article_id"] == first["story_id"] == id_of(canonical_url(FIRST["url"]))
    assert set(first) - set(FIRST) == {
        "article_id", "mentions", "rejected", "places", "verdict", "language", "topics", "tone", "tone_document",
        "issue_type", "findings", "story_id", "copy_of",
    }  # fmt: skip
    assert "author" not in first
    assert first["extra"] == {"kept": 1}
    assert first["places"]["bu-gia-map"] == "about"
    assert (first["language"], first["tone"]["label"], first["copy_of"]) == ("vi", "incident", None)
    assert first["text"] == WIRE + "\n" + " " * len("Nguyễn Văn Mẫu")
    for evidence in [*first["mentions"], *first["tone"]["evidence"]]:
        field = FIRST[evidence["field"]]
        assert field[evidence["start"] : evidence["end"]] == evidence["surface"]
    assert not (tmp_path / "data").exists(), "no folder is made"


def test_the_same_lines_in_any_order_get_the_same_answers(tmp_path: Path) -> None:
    lines = [COPY, OTHER, FIRST, {**COPY, "url": None, "published_at": "hôm qua", "title": "Không rõ ngày"}]
    _, answers = run(tmp_path, lines)
    assert {one["story_id"] for one in answers if "kho" in one["title"] or "ngày" in one["title"]} == {
        id_of(canonical_url(FIRST["url"]))
    }
    assert answers[0]["copy_of"] == answers[3]["copy_of"] == answers[2]["article_id"]
    by_title = {one["title"]: one for one in answers}
    for seed in range(3):
        shuffled = random.Random(seed).sample(lines, len(lines))
        _, again = run(tmp_path, shuffled)
        assert again == [by_title[line["title"]] for line in shuffled], "and in the order of the input"


def test_a_line_that_is_no_article_gives_an_error_in_its_place(tmp_path: Path) -> None:
    status, answers = run(
        tmp_path, [FIRST, "không phải json", "", OTHER, {"url": "https://www.facebook.com/x", **OTHER}]
    )
    assert status == 1
    assert [set(one) == {"error", "line"} for one in answers] == [False, True, False, True]
    assert [one["line"] for one in answers if "error" in one] == [2, 5]
    assert run(tmp_path, [""]) == (1, []), "nothing valid was found"


def test_an_article_without_a_date_raises_no_finding_that_depends_on_one(tmp_path: Path) -> None:
    stale = {"title": "Hỗ trợ cây giống", "text": "UBND huyện Bù Gia Mập vừa quyết định hỗ trợ 9.000 cây giống."}
    _, [undated, dated, official] = run(
        tmp_path,
        [
            stale,
            {**stale, "published_at": "2026-11-18"},
            {**stale, "published_at": "2026-11-18", "url": "https://budang.dongnai.gov.vn/vi/news/a"},
        ],
    )
    assert undated["findings"] == []
    assert [finding["kind"] for finding in dated["findings"]] == ["unit_status"]
    assert official["findings"] == [], "an official portal is no press"


def test_save_refuses_a_line_without_url_and_archives_the_others_without_by_line(tmp_path: Path) -> None:
    status, answers = run(tmp_path, [COPY, OTHER, FIRST], "--save")
    assert status == 1
    assert "url" in answers[1]["error"]
    with closing(SqliteArchive(tmp_path / "data" / "archive.db")) as archive:
        kept = archive.get(answers[2]["article_id"])
        first = archive.get(answers[0]["article_id"])
        assert archive.count() == 2
    assert kept is not None
    assert first is not None
    assert kept.article.text == WIRE
    assert kept.article.url == "https://bao-a.example/chay"
    assert kept.article.first_seen.year < 9999
    assert first.story_id == kept.article_id
    for mention in kept.reading.mentions:
        assert kept.article.field(mention.field)[mention.start : mention.end] == mention.surface


def test_saving_again_changes_no_first_sight_and_adds_no_version(tmp_path: Path) -> None:
    kept = []
    for _ in range(2):
        run(tmp_path, [FIRST], "--save")
        with closing(SqliteArchive(tmp_path / "data" / "archive.db")) as archive:
            document = archive.get(id_of(canonical_url(FIRST["url"])))
            assert document is not None
            kept.append((document.article.first_seen, len(archive.versions(document.article_id))))
    assert kept[0] == kept[1]


def stored(tmp_path: Path, article_id: str) -> Enriched:
    with closing(SqliteArchive(tmp_path / "data" / "archive.db")) as archive:
        document = archive.get(article_id)
    assert document is not None
    return document


def test_a_by_line_in_any_field_is_masked_in_the_answer_and_not_archived(tmp_path: Path) -> None:
    given = {
        **FIRST,
        "title": "Cháy kho hạt điều ở Bù Gia Mập. Ảnh: Trần Lụa",
        "lead": "Kho bốc cháy lúc 2 giờ sáng tại thôn Bù Rên.\nTrần Lụa",
        "description": "Một kho điều bốc cháy trong đêm qua.\nTác giả: Trần Lụa",
    }
    status, [answer] = run(tmp_path, [given], "--save")
    assert status == 0
    assert "Lụa" not in json.dumps(answer, ensure_ascii=False)
    assert [len(answer[name]) for name in ("title", "lead", "description")] == [
        len(given[name]) for name in ("title", "lead", "description")
    ]
    article = stored(tmp_path, answer["article_id"]).article
    assert (article.title, article.lead) == ("Cháy kho hạt điều ở Bù Gia Mập.", given["lead"].partition("\n")[0])
    _, [only] = run(tmp_path, [{**given, "lead": None}], "--save")
    assert stored(tmp_path, only["article_id"]).article.lead == "Một kho điều bốc cháy trong đêm qua."


def test_saving_a_known_article_keeps_its_story_its_feed_and_its_date(tmp_path: Path) -> None:
    """What the service archived, written over by hand without a date, as an export of another tool may have it."""
    _, [original, copy] = run(tmp_path, [FIRST, COPY], "--save")
    with closing(SqliteArchive(tmp_path / "data" / "archive.db")) as archive:
        before = archive.get(copy["article_id"])
        assert before is not None
        article = msgspec.structs.replace(before.article, feed="bao-b-moi", first_poll=True, first_seen=SEEN)
        archive.save([msgspec.structs.replace(before, article=article, change="number")])
    status, [answer] = run(tmp_path, [{**COPY, "published_at": None}], "--save")
    assert (status, answer["story_id"], answer["copy_of"]) == (0, original["article_id"], original["article_id"])
    kept = stored(tmp_path, copy["article_id"])
    assert (kept.story_id, kept.copy_of, kept.change) == (before.story_id, before.copy_of, "number")
    assert (kept.article.feed, kept.article.first_poll, kept.article.first_seen) == ("bao-b-moi", True, SEEN)
    assert kept.article.published_at == before.article.published_at
    assert answer["findings"] == copy["findings"]
    corrected = {**COPY, "text": WIRE.replace("khoảng 12 tấn", "khoảng 21 tấn"), "published_at": None}
    run(tmp_path, [corrected], "--save")
    kept = stored(tmp_path, copy["article_id"])
    assert (kept.story_id, kept.change, kept.article.text) == (before.story_id, "number", corrected["text"])
    with closing(SqliteArchive(tmp_path / "data" / "archive.db")) as archive:
        assert len(archive.versions(copy["article_id"])) == 2


def test_articles_saved_one_after_the_other_find_each_other(tmp_path: Path) -> None:
    _, [original] = run(tmp_path, [FIRST], "--save")
    _, [copy] = run(tmp_path, [COPY], "--save")
    assert copy["story_id"] == copy["copy_of"] == original["article_id"]
    document = stored(tmp_path, copy["article_id"])
    assert (document.story_id, document.copy_of) == (original["article_id"], original["article_id"])
    with closing(SqliteLedger(tmp_path / "data" / "ledger.db")) as ledger:
        third = msgspec.structs.replace(document.article, article_id="x", text=WIRE + " Tin tiếp theo sẽ cập nhật.")
        fields = tokens_of(third.title, third.lead, third.text)
        assert Neighbours(ledger).join(sketch_of(third, fields)).story_id == original["article_id"]


def test_old_articles_saved_on_different_days_find_each_other(tmp_path: Path) -> None:
    """The ledger forgets what was said long ago, but not what was given yesterday."""
    _, [original] = run(tmp_path, [{**FIRST, "published_at": "2019-03-01T09:00:00+07:00"}], "--save")
    with closing(SqliteLedger(tmp_path / "data" / "ledger.db")) as ledger:
        Sweep(ledger, SystemClock()).step()
    _, [copy] = run(tmp_path, [{**COPY, "published_at": "2019-03-01T10:00:00+07:00"}], "--save")
    assert copy["story_id"] == copy["copy_of"] == original["article_id"]


def test_an_archive_that_cannot_be_opened_is_status_three(tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "archive.db").write_text("không phải cơ sở dữ liệu" * 50)
    result = CliRunner().invoke(app, ["--save", "--data", str(tmp_path / "data")], input=json.dumps(FIRST).encode())
    assert (result.exit_code, result.stdout) == (3, "")


@pytest.mark.parametrize("name", ["khong-co.jsonl"])
def test_a_file_that_is_not_there_is_status_two(tmp_path: Path, name: str) -> None:
    result = CliRunner().invoke(app, [str(tmp_path / name)])
    assert (result.exit_code, result.stdout) == (2, "")
    assert name in result.stderr


@pytest.mark.parametrize("url", ["file:///etc/passwd", "khong phai url", "http://10.0.0.1/a", "http://localhost/a"])
def test_only_public_addresses_are_saved(tmp_path: Path, url: str) -> None:
    status, [refused] = run(tmp_path, [{"title": "Xã Đăk Ơ", "url": url}], "--save")
    assert status == 1
    assert "--save chỉ nhận địa chỉ công khai" in refused["error"]
