"""Sample sentences of places, topics and lexicon: a rule that no longer does what was written down is told."""

from collections.abc import Callable

from services.rulebook.load import load
from tests.rulebook.conftest import SMALL, Write

Errors = Callable[..., list[str]]


def test_a_places_samples(errors: Errors) -> None:
    def place(match: str, refuse: str) -> list[str]:
        return errors(places=SMALL["places.yaml"] + f"  match:\n    - {match}\n  refuse:\n    - {refuse}\n")

    assert place("Mẫu Phước họp báo", "Cà phê lên giá") == []
    missed, taken = place("Cà phê lên giá", "Mẫu Phước họp báo")
    assert missed.startswith("places.yaml:7:7: mẫu này phải nhận ra «tinh-mau» (không thấy tên nào")
    assert taken.startswith("places.yaml:9:7: mẫu này không được nhận là")
    assert "“Mẫu Phước”" in taken


def test_a_sample_that_a_confusable_swallows_says_why(errors: Errors) -> None:
    confused = "  confusables: [{text: cầu Mẫu Phước, what: cầu}]\n"
    assert errors(places=SMALL["places.yaml"] + confused + "  refuse: [Kẹt xe ở cầu Mẫu Phước]\n") == []
    (error,) = errors(places=SMALL["places.yaml"] + confused + "  match: [Kẹt xe ở cầu Mẫu Phước]\n")
    assert error.startswith("places.yaml:7:11:")
    assert "Tên dài hơn, là cầu" in error


def test_a_unit_counts_for_its_parent_and_a_place_need_not_be_watched(errors: Errors) -> None:
    parts = """\
- id: xa
  watched: true
  names: [{text: Đa Mẫu, kind: xã}]
  unmistakable: true
  parents: [{place: tinh-mau}]
  match: [Trạm y tế xã Đa Mẫu]
"""
    assert errors(places=SMALL["places.yaml"] + "  match: [Trạm y tế xã Đa Mẫu]\n" + parts) == []
    (uncounted,) = errors(
        places=SMALL["places.yaml"] + "  match: [Trạm y tế xã Đa Mẫu]\n" + parts.replace("  watched: true\n", "")
    )
    assert uncounted.startswith("places.yaml:6:11:"), "a unit that is not watched is only an anchor"


def test_a_topics_samples(errors: Errors) -> None:
    def topic(match: str, refuse: str) -> list[str]:
        return errors(topics=SMALL["topics.yaml"] + f"    match: [{match}]\n    refuse: [{refuse}]\n")

    assert topic("Bắt nhóm phá rừng", "Trồng cây đầu xuân") == []
    missed, taken = topic("Trồng cây đầu xuân", "Bắt nhóm phá rừng")
    assert missed.startswith("topics.yaml:5:13:")
    assert "không chủ đề nào" in missed
    assert taken.startswith("topics.yaml:6:14:")
    assert "máy đọc: rung" in taken


def test_the_lexicons_samples(errors: Errors) -> None:
    def lexicon(text: str, tone: str) -> list[str]:
        sample = f"samples:\n  - {{text: {text}, tone: {tone}}}\n"
        return errors(**{"lexicon/vi": SMALL["lexicon/vi.yaml"] + sample})

    praised = "Mẫu Phước được khen thưởng vì giữ rừng"
    assert lexicon(praised, "positive") == []
    (other,) = lexicon(praised, "critical")
    assert other.startswith("lexicon/vi.yaml:4:58:")
    assert "máy đọc là positive (từ: “khen thưởng”)" in other
    (nowhere,) = lexicon("Cà phê được khen thưởng", "positive")
    assert nowhere.startswith("lexicon/vi.yaml:4:12:")
    assert "địa danh đang theo dõi" in nowhere
    (unknown,) = lexicon(praised, "tốt")
    assert unknown.startswith("lexicon/vi.yaml:4:58:")


def test_samples_wait_for_sound_rules_and_for_whoever_asks(write: Write, errors: Errors) -> None:
    wrong = SMALL["topics.yaml"] + "    match: [Trồng cây đầu xuân]\n"
    assert load(write(topics=wrong), samples=False).topics.topics["rung"].match == ["Trồng cây đầu xuân"]
    assert len(errors(topics=wrong)) == 1
    (only,) = errors(topics=wrong, places=SMALL["places.yaml"] + "  mau: xanh\n")
    assert only.startswith("places.yaml:")
