"""`diembao match`: articles as JSON Lines in, mentions out, to the letter of contracts.md, section 3."""

from __future__ import annotations

import json
from contextlib import chdir
from pathlib import Path
from typing import Any

import pytest
import typer
from typer.testing import CliRunner

from services.cli.batch import match
from services.cli.json_lines import published
from services.domain.article import id_of, id_without_url

app = typer.Typer()
app.command()(match)

FIRE = {"title": "Cháy rừng ở xã Đăk Ơ", "text": "Đám cháy tại xã Đăk Ơ (Bình Phước) đã tắt."}


def run(*lines: str | bytes, files: list[Path] | None = None) -> tuple[int, list[dict[str, Any]]]:
    given = b"\n".join(line if isinstance(line, bytes) else line.encode() for line in lines)
    result = CliRunner().invoke(app, [str(path) for path in files or []], input=given)
    return result.exit_code, [json.loads(line) for line in result.stdout.splitlines()]


def row(**keys: Any) -> str:
    return json.dumps(keys, ensure_ascii=False)


def test_an_article_comes_back_with_our_keys() -> None:
    status, [answer] = run(row(**FIRE, url="https://bao-mau.vn/chay-rung.html?utm_source=zalo", so_trang=3))
    assert status == 0
    assert answer["article_id"] == id_of("https://bao-mau.vn/chay-rung.html")
    assert (answer["so_trang"], answer["title"], answer["text"]) == (3, FIRE["title"], FIRE["text"])
    assert answer["verdict"] == "about"
    assert answer["places"] == {"xa-dak-o": "about", "binh-phuoc": "about", "bu-gia-map": "about"}
    assert answer["rejected"] == []
    for mention in answer["mentions"]:
        assert list(mention) == [
            *("place", "surface", "field", "start", "end", "class", "confidence", "rule", "reason")
        ]  # fmt: skip
        assert answer[mention["field"]][mention["start"] : mention["end"]] == mention["surface"]


def test_one_line_for_each_line_in_input_order_and_blank_ones_skipped() -> None:
    status, answers = run(
        row(title="Một"), "", "không phải JSON", "  ", row(title="Hai"), "[1]", row(lead="chỉ có sapo")
    )
    assert status == 1
    assert [answer.get("title") or answer["line"] for answer in answers] == ["Một", 3, "Hai", 6, 7]
    assert [set(answer) for answer in answers if "line" in answer] == [{"error", "line"}] * 3


@pytest.mark.parametrize(
    "line",
    [
        b"\xff\xfe{}",
        '{"title": NaN, "text": "a"}',
        '{"title": "a\\ud800"}',
        '{"title": ""}',
        '{"title": "  ", "text": null}',
        '{"title": 5}',
        "{" * 3000,
        '{"a":' * 3000 + "1" + "}" * 3000,
        '{"title": "a", "so": ' + "9" * 5000 + "}",
        '{"title": "a", "so": 1e999}',
        '{"title": "a", "url": "facebook.com/a"}',
        '{"title": "a", "url": "//m.facebook.com/a"}',
        '{"title": "a", "url": "ftp://youtu.be/a"}',
        "null",
        '"title"',
    ],
)
def test_what_is_no_article_is_an_error_line(line: str | bytes) -> None:
    status, answers = run(line, row(title="Sau đó"))
    assert status == 1
    assert set(answers[0]) == {"error", "line"}
    assert answers[0]["error"]
    assert answers[1]["title"] == "Sau đó", "the line after is read as ever"


@pytest.mark.parametrize(
    "url", ["https://www.facebook.com/a/posts/1", "https://m.youtube.com/watch?v=1", "http://x.com/a"]
)
def test_a_personal_or_social_address_is_refused_with_the_reason(url: str) -> None:
    status, [answer] = run(row(**FIRE, url=url))
    assert (status, set(answer)) == (1, {"error", "line"})
    assert "mạng xã hội" in answer["error"]


def test_author_fields_are_dropped_in_any_case_and_depth() -> None:
    _, [answer] = run(
        row(
            **FIRE,
            Author="A",
            AUTHORS=["A"],
            meta={"dc:creator": "A", "list": [{"byLine": "A", "giu": 1}]},
            creator="A",
        )
    )
    assert answer["meta"] == {"list": [{"giu": 1}]}
    assert not {"author", "authors", "byline", "creator"} & {key.lower() for key in answer}


def test_a_by_line_is_masked_so_that_offsets_are_those_of_the_text_as_given() -> None:
    text = "Đám cháy ở xã Đăk Ơ đã tắt.\nHơn 20 người tham gia dập lửa.\nTrần Bình Phước"
    _, [answer] = run(row(title="Tin", text=text))
    assert answer["text"] == text.replace("Trần Bình Phước", " " * 15)
    assert [one["surface"] for one in (*answer["mentions"], *answer["rejected"])] == ["Đăk Ơ"]


def test_our_keys_win_and_lead_falls_back_to_description() -> None:
    _, [answer] = run(
        row(title="Tin", description="Cháy ở Bù Đốp.", verdict="x", mentions=5, places=None, article_id=1)
    )
    assert answer["verdict"] == "about"
    assert answer["article_id"] == id_without_url("Tin", "")
    assert [(one["field"], one["start"]) for one in answer["mentions"]] == [("lead", 7)]
    assert answer["description"] == "Cháy ở Bù Đốp."
    _, [answer] = run(row(title="Tin", lead="Ở Bù Đăng.", description="Cháy ở Bù Đốp."))
    assert [one["place"] for one in answer["mentions"]] == ["bu-dang"]


def test_an_answer_is_one_line_for_every_reader() -> None:
    text = "Cháy ở Bù Đốp.\u2028Hết\u0085tin\n"
    status, [answer] = run(row(title="Tin", text=text))
    assert (status, answer["text"]) == (0, text)


def test_the_same_text_without_url_has_the_same_id_and_a_bad_url_is_no_error() -> None:
    _, answers = run(row(**FIRE), row(**FIRE, url=7), row(**FIRE, url=""))
    assert {answer["article_id"] for answer in answers} == {id_without_url(FIRE["title"], FIRE["text"])}


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ("2026-11-20T05:00:00Z", "2026-11-20T12:00:00+07:00"),
        ("2026-11-20T05:00:00", "2026-11-20T05:00:00+07:00"),
        ("2026-11-20", "2026-11-20T00:00:00+07:00"),
        ("2026-11-20T05:00+00:00", "2026-11-20T12:00:00+07:00"),
        ("2026-W10-1", None),
        ("20261120", None),
        ("hôm qua", None),
        ("", None),
        (20261120, None),
        (None, None),
        ("0001-01-01T00:00:00+14:00", None),
    ],
)
def test_times_of_an_article(given: object, expected: str | None) -> None:
    time = published(given)
    assert (time.isoformat() if time else None) == expected


def test_an_unreadable_date_means_unknown() -> None:
    old = {"title": "Xã Long Hà, tỉnh Bình Phước có cầu mới"}
    _, answers = run(
        row(**old, published_at="2012-05-01"), row(**old, published_at="2018-05-01"), row(**old, published_at="?")
    )
    assert ["bu-gia-map" in answer["places"] for answer in answers] == [True, False, True]


def test_files_one_after_the_other_and_nothing_else_is_opened(tmp_path: Path) -> None:
    one, two = tmp_path / "a.jsonl", tmp_path / "b.jsonl"
    one.write_bytes(b"\xef\xbb\xbf" + row(title="Một").encode() + b"\r\n")
    two.write_text(row(title="Hai"), encoding="utf-8")
    empty = tmp_path / "cho-khac"
    empty.mkdir()
    with chdir(empty):
        status, answers = run(files=[one, two])
    assert (status, [answer["title"] for answer in answers]) == (0, ["Một", "Hai"])
    assert list(empty.iterdir()) == [], "neither archive, bus nor ledger"


def test_nothing_valid_is_status_one_and_a_missing_file_or_folder_two(tmp_path: Path) -> None:
    assert run("") == (1, [])
    assert run(files=[tmp_path / "khong-co.jsonl"]) == (2, [])
    result = CliRunner().invoke(app, ["--config", str(tmp_path)], input=row(**FIRE))
    assert (result.exit_code, result.stdout) == (2, "")
    assert "places.yaml" in result.stderr


def test_a_line_that_is_cut_short_is_told_in_plain_words() -> None:
    _, [cut, broken] = run('{"title": ', '{"title" "a"}')
    assert "dòng bị cắt giữa chừng" in cut["error"]
    assert "sai ở ký tự thứ 10" in broken["error"]


def test_a_minus_is_standard_input() -> None:
    status, [answer] = run(row(**FIRE), files=[Path("-")])
    assert (status, answer["verdict"]) == (0, "about")
