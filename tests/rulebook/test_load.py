"""The whole set is validated at once: every error of every file, with line and column."""

import re
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from services import resources
from services.rulebook.errors import ConfigError, ConfigErrors
from services.rulebook.load import load, load_places
from services.rulebook.yaml_source import MAX_ERRORS
from tests.rulebook.conftest import FACT, SMALL, Write

Errors = Callable[..., list[str]]
LINE = re.compile(r"[\w./-]+\.yaml:\d+:\d+: .+ / .+")


def test_the_small_configuration_is_valid(write: Write) -> None:
    rules = load(write())
    assert list(rules.feeds) == ["bao-mau-moi"]
    assert list(rules.running) == ["mau"]
    assert rules.texts == SMALL


def test_the_shipped_configuration_is_valid() -> None:
    rules = load(resources.config_dir())
    by_id = rules.outlets.by_id
    abroad = [
        feed
        for feed in rules.feeds.values()
        if (feed.outlet and by_id[feed.outlet].country != "VN") or (feed.aggregator and feed.language != "vi")
    ]
    assert len(rules.feeds) >= 60
    assert len([feed for feed in abroad if feed.enabled]) >= 12
    assert all(feed.note for feed in rules.feeds.values() if not feed.enabled)
    assert not any(feed.verified and not feed.note for feed in rules.feeds.values())
    assert next(iter(rules.running)) == "bu-gia-map"
    assert not rules.watches["dong-nai"].watch.enabled
    assert rules.people.by_login == {}


def test_a_file_may_name_its_list_or_be_it(write: Write) -> None:
    named = load(write(feeds="feeds:\n- {id: a, url: https://baomau.example.vn/a.rss, outlet: bao-mau}\n"))
    assert list(named.feeds) == ["a"]


def test_the_version_follows_every_text_and_nothing_else(write: Write, tmp_path: Path) -> None:
    first = load(write()).version
    copied = tmp_path / "copy"
    shutil.copytree(write(), copied, ignore=shutil.ignore_patterns("copy"))
    assert load(copied).version == first
    for name in SMALL:
        path = copied / name
        before = path.read_text(encoding="utf-8")
        path.write_text(before + "# ghi chú\n", encoding="utf-8")
        assert load(copied).version != first, name
        path.write_text(before, encoding="utf-8")
    assert load(copied).version == first


def test_all_errors_of_all_files_are_told_one_a_line(errors: Errors) -> None:
    outlets = "- {id: bao-mau, name: Báo Mẫu, hosts: [baomau.example.vn], class: pres}\n"
    found = errors(
        feeds="- {id: a, url: 5, outlet: khong-co, every_minutes: mười}\n- {id: b, urk: x}\n",
        outlets=outlets,
        topics="- id: rung\n  name: Rừng\n  weight: 9\n",
        watches="- id: w\n  name: W\n  query: place:tinh-mau AND (\n  recipients: [giam-doc]\n",
        people=None,
    )
    assert all(LINE.fullmatch(line) for line in found)
    assert {line.split(":")[0] for line in found} == {
        "feeds.yaml",
        "outlets.yaml",
        "topics.yaml",
        "watches.yaml",
        "people.yaml",
    }
    text = "\n".join(found)
    assert "feeds.yaml:1:52: «mười» không hợp: chỗ này phải là số nguyên" in text
    assert "feeds.yaml:2:11: không có khóa «urk»; có phải «url»?" in text
    assert "feeds.yaml:2:3: thiếu «url»" in text
    assert (
        f"outlets.yaml:1:{outlets.index('pres') + 1}: «pres» không hợp: chỗ này phải là một trong: press, official"
        in text
    )
    # Their file has errors of its own: no second error at each reference.
    assert "giam-doc" not in text
    assert "không có báo «bao-mau»" not in text


@pytest.mark.parametrize("name", [name for name in SMALL if "/" not in name and name != "diembao.yaml"])
def test_a_missing_file_is_an_error(errors: Errors, name: str) -> None:
    assert any(line.startswith(f"{name}:1:1: thiếu tệp") for line in errors(**{name.removesuffix(".yaml"): None}))


def test_one_broken_entry_raises_no_false_alarm_at_its_references(errors: Errors) -> None:
    (only,) = errors(places=SMALL["places.yaml"] + "  mau_sac: xanh\n")
    assert only.startswith("places.yaml:6:3:")


def test_feeds(errors: Errors) -> None:
    def feed(**changes: str) -> list[str]:
        entry = {"id": "a", "url": "https://baomau.example.vn/a.rss", "outlet": "bao-mau"} | changes
        return errors(feeds="- " + "\n  ".join(f"{key}: {value}" for key, value in entry.items() if value) + "\n")

    assert feed() == []
    assert feed(outlet="", aggregator="true") == []
    assert "không có báo «x»" in feed(outlet="x")[0]
    assert "một trong hai" in feed(outlet="")[0]
    assert "một trong hai" in feed(aggregator="true")[0]
    assert "mạng xã hội" in feed(url="https://www.facebook.com/xa.mau")[0]
    assert "mạng xã hội" in feed(url="https://nguoiviet.blogspot.com/feeds/posts/default")[0]
    assert feed(url="http://127.0.0.1/rss")[0].startswith("feeds.yaml:2:8:")
    assert feed(url="ftp://baomau.example.vn/rss") != []
    assert feed(url="https://ai:mk@baomau.example.vn/rss") != []
    assert "10 phút" in feed(every_minutes="1")[0]
    assert "múi giờ" in feed(timezone="Asia/Binh_Phuoc")[0]
    assert "hai chữ" in feed(language="tiếng Anh")[0]
    assert "mã" in feed(id="Báo Mẫu")[0]
    twice = SMALL["feeds.yaml"] * 2
    assert ["dòng 1" in line or "đã có ở nguồn" in line for line in errors(feeds=twice)] == [True, True]


def test_outlets(errors: Errors) -> None:
    def outlets(text: str) -> list[str]:
        return errors(outlets=SMALL["outlets.yaml"] + text)

    assert "mạng xã hội" in outlets("- {id: b, name: B, hosts: [youtube.com], class: press}\n")[0]
    assert "viết «b.vn»" in outlets("- {id: b, name: B, hosts: [www.b.vn], class: press}\n")[0]
    assert "không có http://" in outlets('- {id: b, name: B, hosts: ["https://b.vn/"], class: press}\n')[0]
    assert "không có báo «c»" in outlets("- {id: b, name: B, hosts: [b.vn], class: press, successor: c}\n")[0]
    assert "địa chỉ thư" in outlets("- {id: b, name: B, hosts: [b.vn], class: press, newsroom: Phóng viên A}\n")[0]
    assert "cùng lúc thuộc" in outlets("- {id: b, name: B, hosts: [baomau.example.vn], class: press}\n")[0]
    assert "không có khóa «reporter»" in outlets("- {id: b, name: B, hosts: [b.vn], class: press, reporter: A}\n")[0]
    turns = """\
- {id: cu, name: Cũ, hosts: [doi.vn], class: press, valid_to: 2025-06-30, successor: moi}
- {id: moi, name: Mới, hosts: [doi.vn], class: press, valid_from: 2025-07-01}
"""
    assert outlets(turns) == []
    assert "cùng lúc thuộc" in outlets(turns.replace("2025-07-01", "2025-06-30"))[0]
    assert "đứng trước" in outlets(turns.replace("2025-07-01", "2025-07-01, valid_to: 2025-06-01"))[0]


def test_facts_rest_on_public_documents(errors: Errors) -> None:
    assert errors(facts=FACT) == []
    for mark in ("TỐI MẬT", "TUYỆT MẬT", "MẬT", "tài liệu mật"):
        assert "tài liệu mật" in errors(facts=FACT.replace("Nghị quyết mẫu", f"Báo cáo ({mark})"))[0], mark
    for harmless in ("Mật độ dân số", "MẬT ĐỘ DÂN SỐ", "nghề nuôi ong lấy mật"):
        assert errors(facts=FACT.replace("Nghị quyết mẫu", harmless)) == [], harmless
    for taken in ("number: 1/NQ, ", ", date: 2025-06-12"):
        assert "cần số và ngày" in errors(facts=FACT.replace(taken, ""))[0], taken
    weaker = FACT.replace("number: 1/NQ, ", "").replace("status: verified", "status: single_source")
    assert errors(facts=weaker) == []
    assert "không có địa danh" in errors(facts=FACT.replace("tinh-mau", "tinh-khac"))[0]
    assert "ngày của văn bản" in errors(facts=FACT.replace("2025-06-12", "12/6/2025"))[0]
    assert "không đọc được số" in errors(facts=FACT.replace('"1.234,5"', "nhiều"))[0]


def test_people(write: Write, errors: Errors) -> None:
    person = "- {login: an, name: Nguyễn An, email: an@coquan.example, role: analyst}\n"
    listed = "people:\n"
    rules = load(write(people=listed + person))
    assert rules.people.by_login["an"].role == "analyst"
    assert "khai hai lần" in errors(people=listed + person * 2)[0]
    assert "không phải địa chỉ thư" in errors(people=listed + person.replace("an@coquan.example", "an"))[0]
    assert "tài khoản máy tính" in errors(people=listed + person.replace("login: an", "login: analyst"))[0]
    assert (
        "một trong: leadership, analyst, operator"
        in errors(people=listed + person.replace("role: analyst", "role: x"))[0]
    )
    assert "không phải địa chỉ thư" in errors(people="mailboxes: {leadership: lanh dao}\n")[0]


def test_places(errors: Errors) -> None:
    def places(text: str) -> list[str]:
        return errors(places=SMALL["places.yaml"] + text)

    names = "names: [{text: Mẫu Long, kind: huyện}]"
    assert places(f"- id: huyen\n  {names}\n  parents: [{{place: tinh-mau}}]\n") == []
    (lost,) = places(f"- id: huyen\n  {names}\n  parents: [{{place: tinh-khac}}]\n")
    assert lost.startswith("places.yaml:8:21: không có địa danh «tinh-khac»")
    assert "cần ít nhất một tên" in places("- id: huyen\n  names: []\n")[0]
    ring = f"- id: huyen\n  {names}\n  parents: [{{place: xa}}]\n- id: xa\n  {names}\n  parents: [{{place: huyen}}]\n"
    (ringed,) = places(ring)
    assert "thuộc về chính nó" in ringed
    assert ringed.startswith("places.yaml:8:12:")


def test_places_alone_are_read_whatever_the_other_files_hold(write: Write) -> None:
    folder = write(watches="- [\n", feeds=None)
    assert list(load_places(folder).places) == ["tinh-mau"]
    with pytest.raises(ConfigErrors, match=r"places\.yaml:1:1"):
        load_places(folder / "khong-co")


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.data())
def test_property_any_slip_of_the_pen_is_told_and_never_a_traceback(errors: Errors, data: st.DataObject) -> None:
    name = data.draw(st.sampled_from(sorted(SMALL)))
    text = FACT if name == "facts.yaml" else SMALL[name]
    at = data.draw(st.integers(0, len(text)))
    taken = data.draw(st.integers(0, 12))
    put = data.draw(
        st.sampled_from(["", ":", ": ", "- ", "[", "}", "'", '"', "#", "\n", "\t", "~", "&a ", "*a", "é", "\x00", "-1"])
    )
    for line in errors(**{name.removesuffix(".yaml"): text[:at] + put + text[at + taken :]}):
        assert LINE.fullmatch(line), line


def test_a_place_with_an_error_is_told_once_and_not_at_what_refers_to_it(errors: Errors) -> None:
    unit = "- {id: xa, names: [{text: Đa Mẫu, kind: xã}], parents: [{place: tinh-mau}]}\n"
    told = errors(places=SMALL["places.yaml"].replace("  names:", "  spelling: [a]\n  names:") + unit)
    assert len(told) == 1
    assert "không có khóa «spelling»" in told[0]


def test_a_screen_shows_the_first_errors_and_counts_the_rest() -> None:
    many = ConfigErrors([ConfigError("a.yaml", line, 1, "sai", "wrong") for line in range(1, 101)])
    lines = many.told.splitlines()
    assert len(lines) == 41
    assert lines[0] == "a.yaml:1:1: sai / wrong"
    assert lines[-1].startswith("… và 60 lỗi nữa")
    assert len(many.errors) == 100


@pytest.mark.parametrize(
    ("name", "item", "times"),
    [
        ("topics", "{},", 16_000),
        ("topics", "a,", 40_000),
        ("watches", "{x: [1]},", 10_000),
        ("outlets", "{id: b, name: B, hosts: [a.vn], class: press},", 3_000),
    ],
)
def test_errors_of_one_file_are_bounded(errors: Errors, name: str, item: str, times: int) -> None:
    found = [line for line in errors(**{name: f"[{item * times}]"}) if line.startswith(name)]
    assert len(found) == MAX_ERRORS + 1
    assert "và còn nữa" in found[-1]
