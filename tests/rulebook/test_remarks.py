"""What `check` remarks on in places.yaml: valid, and hardly meant."""

from __future__ import annotations

import pytest

from services import resources
from services.rulebook.remarks import place_remarks

PLACES = """\
- id: xa-mau
  watched: true
  names: [{text: Đa Mẫu, kind: xã}]
  spellings: [Da Mau, {SPELLING}]
- id: xa-khac
  names: [{text: Mẫu Khác, kind: xã}]
  confusables: [{text: Chợ Mẫu Mới, what: chợ}]
"""


@pytest.mark.parametrize(
    ("spelling", "told"),
    [
        ("xứ mẫu", "viết hoa chữ đầu mỗi từ"),
        ("Da Mau", "đã ghi ở mục này rồi"),
        ("Đa Mẫu", "đã ghi ở mục này rồi"),
        ("Mẫu Khác", "cũng là tên ghi ở xa-khac (dòng 5)"),
        ("mẫu Khác", "cũng là tên ghi ở xa-khac (dòng 5)"),
        ("Chợ Mẫu Mới", "cũng là tên ghi ở xa-khac (dòng 5)"),
        ("Ơ", "quá ngắn"),
    ],
)
def test_a_doubtful_spelling_is_told_at_its_place(spelling: str, told: str) -> None:
    remarks = list(place_remarks(PLACES.replace("{SPELLING}", spelling)))
    assert all(line.startswith("places.yaml:4:23: CHÚ Ý: ") for line in remarks)
    assert any(told in line for line in remarks)


@pytest.mark.parametrize("spelling", ["Xứ Mẫu", "平福"])
def test_a_good_spelling_is_not(spelling: str) -> None:
    assert list(place_remarks(PLACES.replace("{SPELLING}", spelling))) == []


def test_the_shipped_register_gives_no_remark() -> None:
    text = (resources.config_dir() / "places.yaml").read_text(encoding="utf-8")
    assert list(place_remarks(text)) == []
