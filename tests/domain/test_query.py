"""The query language: what is understood, what is refused and where, ranks, necessary terms, highlights."""

from __future__ import annotations

import unicodedata
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.domain.article import tokens_of
from services.domain.place import Nearness
from services.domain.query import Query, QueryError, Searchable, parse
from services.domain.query.parse import MAX_CHARACTERS, MAX_DEPTH, MAX_TERMS
from services.domain.tone import ToneLabel

NOON = datetime(2026, 11, 20, 5, 0, tzinfo=UTC)
SPELLINGS = {"bu gia map": ("bù gia mập",), "dak o": ("đăk ơ", "đắk ơ"), "phuoc long": ("phước long", "Phươc")}


def document(
    title: str = "",
    lead: str = "",
    text: str = "",
    places: dict[str, Nearness] | None = None,
    topics: tuple[str, ...] = (),
    outlet: str = "bao-mau",
    language: str = "vi",
    time: datetime = NOON,
    tone: ToneLabel | None = None,
) -> Searchable:
    return Searchable(tokens_of(title, lead, text), places or {}, frozenset(topics), outlet, language, time, tone)


def spelled(text: str) -> Query:
    return parse(text, lambda plain: SPELLINGS.get(plain, ()))


def refusal(text: str) -> QueryError:
    with pytest.raises(QueryError) as caught:
        parse(text)
    assert str(caught.value) == f"cột {caught.value.column}: {caught.value.message_vi}"
    return caught.value


ARTICLE = document("Mở đường ĐT.741", "Bù Gia Mập chờ đường mới", "Đồng bào S'tiêng ở Đăk Ơ; diện tích 1.061,16 km².")


@pytest.mark.parametrize(
    "query",
    [
        *("đường", "DUONG", "duong moi", '"đường mới"', "“đường mới”", "«đường mới»", "bu AND gia", "lúa OR đường"),
        *("bù-gia-mập", "bu gia map", "Bu\u0300 Gia Mâ\u0323p", "bù\u00a0gia", "B\u200bù gia", "ĐT.741", "1.061,16"),
        *("S’tiêng", "title:đường", "lead: chờ", 'body:"đăk ơ"', "text:dak", "TITLE:đường", "(đường)", "- đường - mới"),
        *("đường -lúa", "đường NOT lúa", 'đường -"lúa nước"', "NOT NOT đường", "-(-đường)", "lúa OR (đường mới)"),
        *("đường -title:chờ", "lúa OR đường mới", "đường – mới •", "đường\tmới\n"),
    ],
)
def test_found(query: str) -> None:
    assert parse(query).matches(ARTICLE)


@pytest.mark.parametrize(
    "query",
    [
        *("lúa", '"mới đường"', "title:mới", "lead:tiêng", "body:chờ", "741", "1.061", "tiêng", "đường -mới", "dt"),
        *('"741 bù"', "đường AND lúa", "đường (lúa OR mía)", "đường NOT (lúa OR mới)", "gia-bù", "đường NOT NOT lúa"),
    ],
)
def test_not_found(query: str) -> None:
    assert not parse(query).matches(ARTICLE)


def test_and_binds_closer_than_or() -> None:
    either = parse("lúa mía OR đường mới")
    assert either.matches(document(text="đường mới"))
    assert either.matches(document(text="lúa mía"))
    assert not either.matches(document(text="lúa đường"))


def test_place_is_about_or_part_and_any_is_every_mention() -> None:
    cases: list[tuple[Nearness, bool]] = [("about", True), ("part", True), ("mention", False)]
    for near, wanted in cases:
        article = document(places={"bu-gia-map": near})
        assert parse("place:bu-gia-map").matches(article) is wanted
        assert parse("place:bu-gia-map/any").matches(article)
    assert not parse("place:bu-gia-map/any").matches(document(places={"xa-bu-gia-map": "about"}))


def test_a_name_written_out_stands_for_its_id() -> None:
    query = parse('place:"Bù Gia Mập" topic:"Biên giới" PLACE:Xa-Dak-O')
    assert query.places == {"bu-gia-map", "xa-dak-o"}
    assert query.topics == {"bien_gioi"}
    assert parse("outlet:TuoiTre.vn").outlets == {"tuoitre.vn"}


def test_topic_outlet_and_language() -> None:
    article = document(topics=("y-te",), outlet="vov", language="en")
    assert parse("topic:y-te outlet:VOV language:EN").matches(article)
    for query in ("topic:y", "outlet:vo", "language:vi"):
        assert not parse(query).matches(article)


@pytest.mark.parametrize(
    ("query", "first"),
    [
        ("after:2026-11-20", datetime(2026, 11, 19, 17, 0, tzinfo=UTC)),
        ("after:20/11/2026", datetime(2026, 11, 19, 17, 0, tzinfo=UTC)),
        ("after:5/1/2026", datetime(2026, 1, 4, 17, 0, tzinfo=UTC)),
        ("after:2026-11-20T06:30", datetime(2026, 11, 19, 23, 30, tzinfo=UTC)),
        ("after:2026-11-20T06:30:15.5+09:00", datetime(2026, 11, 19, 21, 30, 15, 500000, tzinfo=UTC)),
        ("after:2026-11-20t06:30:00z", datetime(2026, 11, 20, 6, 30, tzinfo=UTC)),
        ('after:"2026-11-20 06:30"', datetime(2026, 11, 19, 23, 30, tzinfo=UTC)),
    ],
)
def test_ranges_of_time_are_half_open(query: str, first: datetime) -> None:
    last_before = first - timedelta(microseconds=1)
    assert parse(query).matches(document(time=first))
    assert not parse(query).matches(document(time=last_before))
    until = query.replace("after:", "before:")
    assert parse(until).matches(document(time=last_before))
    assert not parse(until).matches(document(time=first))


@pytest.mark.parametrize(
    ("query", "column", "words"),
    [
        ("", 1, "trống"),
        ("  – •", 1, "trống"),
        ("lúa AND", 8, "ở đây cần một từ"),
        ("lúa AND OR mía", 9, "ở đây cần một từ"),
        ("OR lúa", 1, "ở đây cần một từ"),
        ("lúa OR", 7, "ở đây cần một từ"),
        ("lúa NOT", 8, "ở đây cần một từ"),
        ("lúa () mía", 6, "ở đây cần một từ"),
        ("lúa (mía", 5, "chưa đóng"),
        ("lúa) mía", 4, "thừa"),
        ('lúa "mía', 5, "chưa đóng"),
        ('lúa "…"', 5, "ít nhất một chữ"),
        ("title:", 7, "cần một giá trị"),
        ("title: AND lúa", 8, "cần một giá trị"),
        ("lúa title:—", 11, "ít nhất một chữ"),
        ("lúa mầu:xanh", 5, "không có trường “mau:”"),
        ("https://a.example", 1, "ngoặc kép"),
        ("place:bu-gia-map/all", 18, "chỉ có thể là any"),
        ("place:???", 7, "cần một mã"),
        ("language:việt", 10, "hai chữ cái"),
        ("lúa after:hôm-qua", 11, "cần một ngày"),
        ("after:31/02/2026", 7, "ngày có thật"),
        ("after:2026-13-01", 7, "ngày có thật"),
        ("before:0001-01-01", 8, "ngày có thật"),
        ("after:2026-11-20T25:00", 7, "ngày có thật"),
        ("bù*", 3, "dấu *"),
        ("-lúa", 1, "loại trừ"),
        ("NOT (lúa OR mía)", 1, "loại trừ"),
        ("lúa OR NOT mía", 8, "loại trừ"),
        ("NOT NOT NOT lúa", 1, "loại trừ"),
        ("lúa NEAR mía", 5, "cần viết NEAR/n"),
        ("lúa NEAR/ mía", 5, "cần viết NEAR/n"),
        ("lúa NEAR/ba mía", 10, "cần viết NEAR/n"),
        ("lúa NEAR/-1 mía", 10, "cần viết NEAR/n"),
        ("lúa NEAR/51 mía", 10, "từ 0 đến 50"),
        ("NEAR/3 mía", 1, "hai bên NEAR/3"),
        ("lúa NEAR/3", 11, "sau NEAR/3 cần"),
        ("lúa NEAR/3 (mía)", 12, "sau NEAR/3 cần"),
        ("lúa NEAR/3 -mía", 12, "sau NEAR/3 cần"),
        ("lúa NEAR/3 place:a", 12, "sau NEAR/3 cần"),
        ("(lúa) NEAR/3 mía", 7, "hai bên NEAR/3"),
        ("place:a NEAR/3 mía", 9, "hai bên NEAR/3"),
        ("lúa NEAR/3 mía NEAR/3 ngô", 16, "chỉ nối hai vế"),
        ("title:lúa NEAR/3 lead:mía", 18, "cùng một trường"),
        ("bù gia NEAR/3 mía", 1, "đặt cụm từ trong ngoặc kép"),
        ("lúa NEAR/3 bù gia", 12, "đặt cụm từ trong ngoặc kép"),
        ("lúa tone:buồn", 10, "cần một trong: positive"),
        ("tone:=critical", 6, "dấu = chỉ đứng trước"),
        ("lúa =", 5, "ngay sau dấu ="),
        ("lúa = mía", 5, "ngay sau dấu ="),
        ("=(lúa)", 1, "ngay sau dấu ="),
        ('="…"', 2, "ít nhất một chữ"),
        ("=title:lúa", 1, "sau tên trường"),
        ("=bù*", 4, "dấu *"),
        ("lúa re:mía", 8, "giữa hai dấu /"),
        ("lúa re:", 8, "giữa hai dấu /"),
        ("lúa re:/mía", 8, "chưa đóng"),
        (r"lúa re:/mía\/", 8, "chưa đóng"),
        ("lúa re:/mía/i", 13, "không có cờ"),
        ("lúa title:re:/(/", 15, "thiếu dấu )"),
        ("lúa re:/m(ía/", 9, "thiếu dấu )"),
        ("lúa re:/mía)/", 9, "dấu ) thừa"),
        ("lúa re:/m[ía/", 10, "thiếu dấu ]"),
        ("lúa re:/a{2000}/", 10, "số lần lặp"),
        ("lúa re:/ab**/", 11, "dấu lặp đứng liền"),
        ("lúa re:/*a/", 9, "trước dấu lặp"),
        ("lúa re:/a(?=b)/", 10, "không nhìn trước"),
        (r"lúa re:/a\1/", 10, "không có nghĩa"),
        ("lúa re:/[z-a]/", 10, "khoảng trong [ ]"),
        ("lúa re:/(?P<n/", 9, "tên nhóm"),
        (r"lúa re:/a\bơ/", 10, "chữ không dấu"),
        (r"lúa re:/[a\B]/", 11, "chữ không dấu"),
        (r"lúa re:/a[\W]/", 11, "trong [ ]"),
        (r"lúa re:/\C/", 9, "một ký tự bất kỳ"),
        (r"lúa re:/\Qa\E/", 9, "đặt \\ trước"),
        (r"lúa re:/\p{Lu}/", 9, "chữ hoa"),
        ("lúa re:/(?i)mía/", 9, "không phân biệt hoa thường"),
        (r"lúa re:/\pL{1,300}/", 9, "mẫu quá lớn"),
        (r"lúa re:/(\pL+\s){5,50}/", 9, "mẫu quá lớn"),
        ("lúa re:/" + "a" * 301 + "/", 309, "mẫu quá dài"),
        ("lúa re:/a\udcff/", 10, "không phải là chữ"),
        ("outlet:\udcff", 8, "không phải là chữ UTF-8"),
        ("lúa \ud83c mía", 5, "không phải là chữ UTF-8"),
        ("lúa re:/x*/", 9, "bài nào cũng khớp"),
        ("lúa re://", 9, "bài nào cũng khớp"),
        ("re:/lúa/", 1, "cần thêm"),
        ("lúa OR re:/mía/", 8, "cần thêm"),
        ("re:/lúa/ language:vi", 1, "cần thêm"),
        ("re:/lúa/ tone:critical", 1, "cần thêm"),
        ("-mía re:/lúa/", 6, "cần thêm"),
        ("-re:/lúa/", 1, "loại trừ"),
        ("-(bù NEAR/3 gia)", 1, "loại trừ"),
    ],
)
def test_errors_name_the_column_and_what_was_expected(query: str, column: int, words: str) -> None:
    error = refusal(query)
    assert (error.column, words in error.message_vi) == (column, True), str(error)


def test_columns_count_code_points_of_the_query_as_given() -> None:
    query = unicodedata.normalize("NFD", "lúa mía)")
    assert refusal(query).column == len(query)


@pytest.mark.parametrize(
    "query",
    [
        *("author:x", "byline:x", "AUTHORS:x", "creator:x", "dc:creator:x", "article:author:x", "title:a AND author:x"),
        *(
            "tác giả:x",
            "tac gia:x",
            "TÁC GIẢ: x",
            "tác-giả:x",
            "tác_giả:x",
            "nhà báo:x",
            "lúa phóng viên:x",
            "bút danh:x",
        ),
        unicodedata.normalize("NFD", "tác giả:x"),
    ],
)
def test_nobody_is_searched_by_name_of_the_writer(query: str) -> None:
    assert "công bằng" in refusal(query).message_vi


@pytest.mark.parametrize("query", ["outlet:vov tone:critical", "tone:critical OR (lúa -outlet:vov)", "TONE:a Outlet:b"])
def test_outlet_and_tone_in_one_query_are_refused(query: str) -> None:
    assert "công bằng" in refusal(query).message_vi


def test_limits() -> None:
    parse(" OR ".join(["lúa"] * MAX_TERMS))
    assert "quá nhiều" in refusal(" OR ".join(["lúa"] * (MAX_TERMS + 1))).message_vi
    parse("(" * MAX_DEPTH + "lúa" + ")" * MAX_DEPTH)
    deep = refusal("(" * 3000 + "lúa" + ")" * 3000)
    assert ("quá sâu" in deep.message_vi, deep.column) == (True, MAX_DEPTH + 1)
    assert "quá sâu" in refusal("NOT " * (MAX_DEPTH + 1) + "lúa").message_vi
    assert "quá dài" in refusal("x" * (MAX_CHARACTERS + 1)).message_vi


@given(st.text(alphabet='aúđ ()"“-:*=/+.[]\\{}?|\u0300\u200b\u00a0\udcff0123ANDORTEplacetonefr', max_size=40))
def test_any_text_is_understood_or_refused_within_its_length(text: str) -> None:
    error = None
    try:
        query = parse(text)
    except QueryError as refused:
        error = refused
    if error is None:
        assert query.rank(ARTICLE) in (0, 1, None)
    else:
        assert 1 <= error.column <= len(text) + 1
        assert error.message_vi


@pytest.mark.parametrize(
    ("query", "required"),
    [
        ("place:a", True),
        ("place:a/any lúa", True),
        ("topic:y-te OR place:a", True),
        ("(lúa place:a) OR (mía topic:b)", True),
        ("lúa AND (place:a OR topic:b) -mía", True),
        ("NOT (NOT place:a OR NOT lúa)", True),
        ("lúa", False),
        ("lúa OR place:a", False),
        ("lúa -place:a", False),
        ("outlet:vov language:vi after:2026-01-01", False),
        ("(lúa place:a) OR mía", False),
        ("lúa NOT (NOT place:a lúa)", False),
    ],
)
def test_whether_a_place_or_topic_is_necessary(query: str, required: bool) -> None:
    assert parse(query).required_place_or_topic is required


def test_rank_puts_the_marked_form_first() -> None:
    for query in (
        "Bù Gia Mập",
        '"bù gia mập"',
        "bu gia map",
        '"bu gia map"',
        "bu-gia-map",
        "title:bu title:gia title:map",
    ):
        assert spelled(query).rank(document("Bù Gia Mập")) == 0, query
        assert spelled(query).rank(document("BU GIA MAP")) == 1, query
        assert spelled(query).rank(document("Bù Gia")) is None, query


def test_each_spelling_of_a_name_is_a_marked_form() -> None:
    for surface, rank in (("Đăk Ơ", 0), ("Đắk Ơ", 0), ("Dak O", 1), ("đák ó", 1)):
        assert spelled("dak o").rank(document(surface)) == rank
    assert spelled("Đăk Ơ").rank(document("Đắk Ơ")) == 1


def test_a_name_within_other_words_stands_for_its_spellings_too() -> None:
    assert spelled("cháy rừng bu gia map").rank(document("Cháy rừng ở Bù Gia Mập")) == 0
    assert spelled("chay rung bu gia map").rank(document("Cháy rừng ở Bù Gia Mập")) == 1
    assert spelled("(bu gia) map").rank(document("Bù Gia Mập")) == 0
    assert spelled("phuoc long").rank(document("Phước Long")) == 0


def test_a_name_typed_with_some_marks_is_meant_as_typed() -> None:
    assert spelled("Bù Gia Map").rank(document("Bù Gia Mập")) == 1
    assert spelled("Bù Gia Map").rank(document("Bù Gia Map")) == 0


def test_what_is_excluded_is_excluded_in_both_forms() -> None:
    query = parse("lúa NOT cháy")
    assert query.rank(document("lúa chạy")) is None
    assert query.rank(document("lúa")) == 0
    assert query.rank(document("lua")) == 1


def test_what_only_not_terms_kept_out_is_known() -> None:
    query = parse("lúa -cháy")
    assert query.excluded(document("lúa cháy"))
    assert not query.excluded(document("lúa"))
    assert not query.excluded(document("cháy"))
    assert not parse("lúa").excluded(document("lúa"))
    assert parse("mía OR (lúa -(cháy place:a))").excluded(document("lúa cháy", places={"a": "about"}))


def shown(query: str, title: str = "", lead: str = "", text: str = "") -> list[str]:
    fields = tokens_of(title, lead, text)
    marks = parse(query).highlights(fields)
    for mark in marks:
        assert fields[mark.field].source[mark.start : mark.end] == mark.surface
    return [mark.surface for mark in marks]


@pytest.mark.parametrize(
    "surface",
    [
        *("Bù Gia Mập", "BÙ GIA MẬP", "Bù\u00a0Gia\u00a0Mập", "Bù-Gia-Mập", "Bu Gia Map"),
        unicodedata.normalize("NFD", "Bù Gia Mập"),
        "Bù Gia\u200b Mập",
    ],
)
def test_highlights_land_on_the_original_characters(surface: str) -> None:
    for query in ("bu gia map", "Bù Gia Mập", '"bù gia mập"'):
        assert shown(query, text=f"Ở {surface}, già làng") == [surface]


def test_a_row_of_words_is_shown_where_it_stands_together() -> None:
    assert shown("Bù Gia Mập", "Gia đình ở Bù Gia Mập") == ["Bù Gia Mập"]
    assert shown("Bù Gia Mập cháy rừng", "Cháy rừng ở Bù Gia Mập, rừng xanh") == ["Cháy rừng", "Bù Gia Mập"]
    assert shown("gia mập", "Mập", text="gia") == ["Mập", "gia"]


def test_a_word_with_marks_is_shown_with_its_marks_if_it_is_there() -> None:
    assert shown("cháy", "chạy xe, cháy rừng") == ["cháy"]
    assert shown("chay", "chạy xe, cháy rừng") == ["chạy", "cháy"]
    assert shown("cháy", "chạy xe") == ["chạy"]


def test_only_what_is_asked_for_is_shown_and_in_its_field() -> None:
    assert shown("lúa -mía place:a", "lúa mía") == ["lúa"]
    assert shown("title:lúa", "lúa", "lúa") == ["lúa"]
    assert shown('"lúa nước"', "lúa, lúa nước") == ["lúa nước"]
    assert shown("lúa OR mía", "mía", "", "lúa lúa") == ["mía", "lúa", "lúa"]
    assert shown('"a b c" OR "b c d"', "a b c d") == ["a b c d"]
    assert shown("NOT (NOT lúa)", "lúa") == ["lúa"]
