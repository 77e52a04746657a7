"""Phrases: found by plain tokens, confirmed by marks, the longest wins."""

import unicodedata

from services.domain.article import tokens_of
from services.domain.phrases import Phrases, typed_without_marks
from services.domain.text import tokenise


def found(text: str, *phrases: str, unmarked: bool = False) -> list[str]:
    tokens = tokenise(text)
    hits = Phrases([(phrase, phrase) for phrase in phrases]).find(tokens, unmarked)
    return [tokens.surface(hit.first, hit.last) for hit in hits]


def test_marks_confirm() -> None:
    assert found("Kho hàng cháy trong đêm, dân chạy ra đường", "cháy") == ["cháy"]
    assert found("Người dân chạy bộ buổi sáng", "cháy") == []


def test_any_unicode_form_lands_on_the_original_characters() -> None:
    text = unicodedata.normalize("NFD", "Một vụ hoả hoạn lớn")
    assert [unicodedata.normalize("NFC", hit) for hit in found(text, "hỏa hoạn")] == ["hoả hoạn"]


def test_a_longer_phrase_swallows_the_shorter() -> None:
    assert found("Tập huấn phòng cháy chữa cháy", "cháy", "phòng cháy chữa cháy") == ["phòng cháy chữa cháy"]
    assert found("Ùn tắc giao thông", "ùn tắc", "tắc giao thông") == ["Ùn tắc", "tắc giao thông"]


def test_one_phrase_may_have_two_values() -> None:
    hits = Phrases([("vi phạm", 1), ("vi phạm", 2)]).find(tokenise("có vi phạm"))
    assert {hit.value for hit in hits} == {1, 2}


def test_punctuation_breaks_a_phrase() -> None:
    assert found("Ông ngã, ba người đỡ", "ngã ba") == []


def test_a_capital_inside_a_sentence_is_a_name() -> None:
    assert found("Ông Thắng nhận việc", "thắng") == []
    assert found("Bình Phước: Thắng lớn trên sân nhà", "thắng") == ["Thắng"]
    assert found("ĐỘI NHÀ THẮNG LỚN", "thắng") == ["THẮNG"]


def test_text_typed_without_marks_matches_phrases_but_no_single_syllable() -> None:
    text = "Tai nan giao thong, mot nha chay"
    assert found(text, "tai nạn", "cháy", unmarked=True) == ["Tai nan"]
    assert found(text, "tai nạn", "cháy") == []
    assert typed_without_marks(tokens_of("", "", text))
    assert not typed_without_marks(tokens_of("Tai nạn giao thông", "", ""))


def test_nothing_to_find() -> None:
    assert found("", "cháy") == []
    assert found("cháy") == []
    assert found("cháy", " ,. ") == []
