"""By-lines: masked at the head and the end of a text, nothing of the article touched."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.domain.byline import mask_bylines, mask_title, remove_bylines

BODY = "Sáng nay, xã Đăk Ơ ra quân trồng rừng.\nHơn 300 người dân tham gia, ông Điểu Sang cho biết."


@pytest.mark.parametrize(
    "credit",
    [
        "\nVăn Trầm",
        "\nVĂN TRẦM",
        " Văn Trầm",
        " A. Thơ",
        "\nN.N",
        "\nMinh Lụa - Thu Hoài",
        "\nMinh Lụa (tổng hợp)",
        "\nBài, ảnh: Trần Lụa",
        "\nTác giả: Trần Thị Lụa",
        "\nPV Trần Lụa",
        "\nTheo Trần Thị Lụa",
        "\nTheo dõi ngày mai - Ảnh: TRẦN LỤA",
        "\nTrần Lụa (lua.tran@bao-mau.vn)",
    ],
)
def test_a_by_line_at_the_end_is_masked_and_removed(credit: str) -> None:
    text = BODY + credit
    masked = mask_bylines(text)
    assert len(masked) == len(text)
    assert masked.startswith(BODY)
    for name in ("Trầm", "TRẦM", "Lụa", "LỤA", "Thơ", "N.N", "lua.tran"):
        assert name not in masked
        assert name not in remove_bylines(text)
    assert remove_bylines(text).startswith(BODY)


@pytest.mark.parametrize("head", ["Trần Thị Lụa\n", "Tác giả: Lụa\n", "Trần Lụa - 12/03/2026 07:15\n", "By Lua Tran\n"])
def test_a_by_line_at_the_head(head: str) -> None:
    assert remove_bylines(head + BODY) == BODY
    assert mask_bylines(head + BODY).endswith("\n" + BODY)


def test_a_name_before_the_captions() -> None:
    text = BODY + "\nVăn Trầm\nHiện trường sau trận mưa."
    assert remove_bylines(text) == BODY + "\nHiện trường sau trận mưa."


@pytest.mark.parametrize(
    "text",
    [
        BODY,
        BODY + "\nXã Đăk Ơ.",
        BODY + " Đoàn về lại TP. Đồng Xoài.",
        BODY + "\nVideo: Công an kiểm tra khu rừng.",
        "Kết quả đo mưa\nHà Nội\nBình Phước\nCà Mau\nĐà Lạt",
        "Bình Phước\n" + BODY,
        "Trần Lụa",
        "",
    ],
)
def test_the_article_itself_is_not_touched(text: str) -> None:
    assert mask_bylines(text) == text
    assert remove_bylines(text) == text


@settings(max_examples=150, deadline=None)
@given(st.text(st.sampled_from(list("Văn Trầm.ảnh:@-()\n\u0301 1")), max_size=80))
def test_masking_keeps_length_and_lines_and_is_stable(text: str) -> None:
    masked = mask_bylines(text)
    assert len(masked) == len(text)
    assert [i for i, c in enumerate(masked) if c == "\n"] == [i for i, c in enumerate(text) if c == "\n"]
    assert all(after in (before, " ") for before, after in zip(text, masked, strict=True))


@pytest.mark.parametrize("place", ["TP. Điện Biên Phủ", "Tp. Điện Biên Phủ", "Tx. Phước Long"])
def test_a_shortened_kind_of_place_ends_no_sentence(place: str) -> None:
    text = f"{BODY}\nCháy văn phòng tại {place}"
    assert mask_bylines(text) == text


def test_a_title_loses_what_calls_itself_a_credit_and_nothing_else() -> None:
    assert mask_title("Mở đường ở Đăk Ơ. Ảnh: Trần Lụa.") == "Mở đường ở Đăk Ơ. " + " " * len("Ảnh: Trần Lụa.")
    assert mask_title("Mở đường lua.tran@bao.example") == "Mở đường " + " " * len("lua.tran@bao.example")
    for title in (
        "Cuối tuần đi đâu? Bù Gia Mập",
        "Video: Bù Gia Mập",
        "Ảnh: Đăk Ơ",
        "Chùm ảnh: Bù Gia Mập",
        "T.Ư, 1.2",
    ):
        assert mask_title(title) == title
