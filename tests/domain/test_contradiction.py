"""Numbers against the register: binding of subject, attribute and time; what agrees; who may carry a finding."""

from __future__ import annotations

import re
from datetime import date
from pathlib import Path

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.domain.article import SourceClass
from services.domain.codec import decode
from services.domain.fact import Fact
from services.domain.fact.numbers import agrees
from services.domain.fact.quantity import quantities, quantity_of
from services.domain.fact.register import FactRegister, NumberRow, fact_problem
from services.domain.finding import Finding, Source
from services.domain.text import tokenise
from tests.facts_reading import article, find, findings_of, shipped

SERVICES = Path(__file__).parents[2] / "services"


def row(value: str, unit: str, tolerance: float = 0.0) -> NumberRow:
    fact = Fact(
        id="mau",
        subject="binh-phuoc",
        attribute="mẫu",
        value=value,
        unit=unit,
        tolerance=tolerance,
        source=Source(title="Tài liệu mẫu"),
        status="single_source",
        entered_by="mẫu",
        entered_on=date(2026, 11, 23),
    )
    quantity = quantity_of(value, unit)
    assert quantity is not None
    return NumberRow(fact, quantity)


@pytest.mark.parametrize(
    ("said", "answer"),
    [
        ("260,433 km", True),
        ("260.433 km", True),  # the point as decimal mark, as many sites print it
        ("260 km", True),
        ("khoảng 260 km", True),
        ("hơn 260 km", True),
        ("gần 260 km", True),
        ("hơn 250 km", True),
        ("255-265 km", True),
        ("240 km", False),
        ("khoảng 240 km", False),
        ("hơn 270 km", False),
        ("gần 250 km", False),
        ("2.604 km", False),
        ("hơn 200 km", False),
        ("ít nhất 100 km", None),
    ],
)
def test_rounding_and_approximation(said: str, answer: bool | None) -> None:
    (one,) = quantities(tokenise(said))
    assert agrees(one, row("260,433", "km")) is answer


def test_counts_are_exact() -> None:
    (eighteen,) = quantities(tokenise("95 xã"))
    assert agrees(eighteen, row("95", "xã")) is True
    assert agrees(eighteen, row("96", "xã")) is False


@pytest.mark.parametrize(
    ("text", "published", "fact"),
    [
        ("Huyện Bù Gia Mập có 18 xã.", "2020-06-01", "bu-gia-map-8-xa"),
        ("Huyện Bù Gia Mập gồm mười tám xã.", "2020-06-01", "bu-gia-map-8-xa"),
        ("Thành phố Đồng Nai hiện có 72 xã, 23 phường.", "2026-08-01", "dong-nai-so-xa-2026"),
        ("Năm 2023, GRDP của Bình Phước tăng 9,32%.", "2024-02-01", "binh-phuoc-tang-truong-2023"),
        ("Dân số tỉnh Bình Phước năm 2019 là 949.679 người.", "2024-02-01", "binh-phuoc-dan-so-2019"),
        ("Với 204 km đường biên giới, Bình Phước là cửa ngõ.", "2024-02-01", "binh-phuoc-bien-gioi"),
        ("Tỉnh Bình Phước có diện tích tự nhiên 6.873,56 ha.", "2024-02-01", "binh-phuoc-dien-tich"),
    ],
)
def test_a_figure_is_held_against_the_row_of_its_time(text: str, published: str, fact: str) -> None:
    assert fact in {one.fact_id for one in find(text, published)}


@pytest.mark.parametrize(
    ("text", "published"),
    [
        ("Huyện Bù Gia Mập có 18 xã.", "2012-06-01"),
        ("Huyện Bù Gia Mập có 3 xã biên giới.", "2020-06-01"),
        ("Tại huyện Bù Gia Mập, lũ làm ngập 3 xã.", "2020-06-01"),
        ("Năm 2024, GRDP Bình Phước tăng 9,32% so với năm 2023.", "2025-02-01"),
        ("Năm 2023 tăng 8,34%, sang năm 2024, GRDP của Bình Phước tăng 9,32%.", "2025-02-01"),
        ("Năm 2024, GRDP của Bình Phước tăng 9,32% (năm 2023 tăng 8,34%).", "2025-02-01"),
        ("GRDP năm 2024 của Bình Phước đạt 115.357 tỷ đồng, vốn FDI tăng 20%.", "2025-02-01"),
        ("TP Đồng Nai đã có 60 xã, phường, đạt 63% kế hoạch.", "2026-09-01"),
        ("Trước sắp xếp, Đồng Nai có 159 xã, phường, thị trấn.", "2025-09-01"),
        ("Quý I/2024, GRDP của Bình Phước tăng 6,5%.", "2024-04-01"),
        ("Bình Phước đặt mục tiêu GRDP năm 2024 tăng 8,5%.", "2024-01-10"),
        ("Dân số tỉnh Bình Phước là 994.679 người.", "2024-06-01"),  # the census figure, its year not said
        ("GRDP bình quân đầu người của Bình Phước năm 2024 đạt 108 triệu đồng.", "2025-02-01"),
        ("Khu công nghiệp Becamex Bình Phước có diện tích 4.633 ha.", "2024-06-01"),
        ("Bình Phước giáp Đắk Nông, tỉnh có diện tích 6.509 km2.", "2024-06-01"),
        ("Bình Phước, Đắk Nông và Tây Ninh có 600 km biên giới.", "2024-06-01"),
        ("Đồn biên phòng ở Bù Gia Mập quản lý 32 km biên giới.", "2024-06-01"),
        ("Bình Phước có 6.873,56 km2 diện tích tự nhiên, rừng chiếm 155.000 ha.", "2024-06-01"),
        ("Vườn quốc gia Bù Gia Mập có diện tích 30.000 ha.", "2024-06-01"),  # disputed
        ("Kim ngạch xuất khẩu điều của Bình Phước năm 2024 đạt 2 tỷ USD.", "2025-02-01"),  # disputed
    ],
)
def test_another_time_part_place_or_quantity_is_left_alone(text: str, published: str) -> None:
    assert find(text, published) == []


OTHER_CLASSES: list[SourceClass] = ["official", "mt_copy", "unclassified"]
WRONG = "Bình Phước có 240 km biên giới. UBND huyện Bù Gia Mập vừa quyết định như vậy."


@given(
    source_class=st.sampled_from(OTHER_CLASSES),
    day=st.dates(date(2010, 1, 1), date(2026, 11, 1)),
)
def test_only_press_carries_a_finding(source_class: SourceClass, day: date) -> None:
    assert findings_of(article(WRONG, day, source_class=source_class)) == []


def test_a_feeds_summary_and_an_undated_article_carry_none() -> None:
    assert findings_of(article(WRONG, date(2024, 6, 1), basis="feed")) == []
    assert findings_of(article(WRONG, None)) == []
    assert findings_of(article(WRONG, date(2024, 6, 1)))


PIECES = st.lists(
    st.sampled_from(
        [
            "Bình Phước",
            "tỉnh Bình Phước",
            "huyện Bù Gia Mập",
            "UBND",
            "vừa",
            "quyết định",
            "có",
            "diện tích",
            "biên giới",
            "GRDP",
            "240 km",
            "7.000 ha",
            "18 xã",
            "9,5%",
            "năm 2024",
            "hơn",
            "“",
            "”",
            ".",
            ",",
            "\n",
            "Đồng Nai",
            "rừng",
            "(cũ)",
        ]
    ),
    max_size=24,
)


@given(pieces=PIECES, title=PIECES, day=st.none() | st.dates(date(2009, 1, 1), date(2026, 11, 1)))
def test_every_finding_quotes_the_article_and_cites_a_row_that_is_not_disputed(
    pieces: list[str], title: list[str], day: date | None
) -> None:
    one = article(" ".join(pieces), day, title=" ".join(title))
    for found in findings_of(one):
        fact = shipped().facts.facts[found.fact_id]
        assert found.quote.strip()
        assert found.quote == one.field(found.field)[found.start : found.end]
        assert found.source == fact.source
        assert found.source.title.strip()
        assert fact.status != "disputed"
        assert found.severity == ("high" if fact.status == "verified" else "low")
        assert found.expected
        assert found.found
        assert found.reason


@given(quote=st.sampled_from(["", " ", "\n"]), fact=st.sampled_from(["", "mau"]), title=st.sampled_from(["", " ", "t"]))
def test_no_finding_exists_without_quote_and_reference(quote: str, fact: str, title: str) -> None:
    with pytest.raises(ValueError, match="quoted sentence"):
        _finding(quote, fact, title)
    with pytest.raises(ValueError, match="quoted sentence"):
        _finding("Một câu.", "", title)
    made = msgspec.to_builtins(_finding("Một câu.", "mau", "Tài liệu")) | {"quote": quote}
    with pytest.raises(ValueError, match="quoted sentence"):
        decode(msgspec.json.encode(made), Finding)


def _finding(quote: str, fact: str, title: str) -> Finding:
    return Finding(
        finding_id="f",
        state="contradicted",
        kind="number",
        quote=quote,
        field="text",
        start=0,
        end=len(quote),
        fact_id=fact,
        expected="1",
        found="2",
        severity="low",
        source=Source(title=title),
        reason="r",
    )


def test_findings_are_made_in_one_module_only() -> None:
    sources = {path.name: path.read_text("utf-8") for path in SERVICES.rglob("*.py")}
    using = {name: text for name, text in sources.items() if re.search(r"domain\.finding import .*\bFinding\b", text)}
    assert {name for name, text in using.items() if re.search(r"(?<![\w.])Finding\(", text)} == {"contradiction.py"}


def test_a_row_that_says_nothing_comparable_is_refused() -> None:
    places = shipped().places
    good = row("260,433", "km").fact
    for change in ({"value": "nhiều"}, {"unit": "ngày", "value": "năm 1997"}, {"subject": "khong-co"}):
        bad = msgspec.structs.replace(good, **change)
        with pytest.raises(ValueError, match="mau"):
            FactRegister([bad], places)
    assert fact_problem(msgspec.structs.replace(good, value="nhiều")) is not None
    assert fact_problem(good) is None
