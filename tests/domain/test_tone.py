"""Tone: toward the place, always by the words that are shown, and openly unclear."""

import re
from pathlib import Path

import msgspec
import pytest
from ruamel.yaml import YAML

from services.domain.article import FIELDS, Field, tokens_of
from services.domain.place import Mention, Nearness, Reading, Verdict
from services.domain.tone import ToneReading, read_tone
from services.domain.tone_lexicon import Lexicon, ToneLexicon, Words
from services.domain.topic import TopicHit

CONFIG = Path(__file__).parents[2] / "config"
PLACE = "Bình Phước"


@pytest.fixture(scope="module")
def shipped() -> ToneLexicon:
    files = sorted((CONFIG / "lexicon").glob("*.yaml"))
    return ToneLexicon(
        [msgspec.convert(YAML(typ="safe").load(file.read_text(encoding="utf-8")), Lexicon) for file in files]
    )


def mention(field: Field, start: int, name: str, nearness: Nearness, place: str = "binh-phuoc") -> Mention:
    return Mention(
        place=place, surface=name, field=field, start=start, end=start + len(name), class_=nearness,
        confidence=1.0, rule="name", reason="tên",
    )  # fmt: skip


def tone(
    lexicon: ToneLexicon,
    title: str,
    text: str = "",
    nearness: Nearness = "about",
    language: str = "vi",
    topics: tuple[str, ...] = ("su_viec",),
    name: str = PLACE,
) -> ToneReading:
    fields = tokens_of(title, "", text)
    mentions = [
        mention(field, found.start(), name, nearness)
        for field in FIELDS
        for found in re.finditer(name, fields[field].source)
    ]
    verdict: Verdict = "about" if mentions and nearness != "mention" else "mentioned" if mentions else "none"
    reading = Reading(mentions=mentions, places={"binh-phuoc": nearness} if mentions else {}, verdict=verdict)
    return read_tone(fields, reading, [TopicHit(topic=topic, evidence=[]) for topic in topics], lexicon, language)


@pytest.mark.parametrize(
    ("title", "text", "label", "issue"),
    [
        ("Lật xe khách ở Bình Phước, ba người tử vong", "", "incident", "incident"),
        ("Bắt nhóm trộm cắp ở Bình Phước", "", "incident", "incident"),
        ("Ổ dịch tả heo châu Phi ở Bình Phước", "", "incident", "incident"),
        ("Chủ tịch xã ở Bình Phước bị kỷ luật vì sai phạm đất đai", "", "critical", "direct_criticism"),
        ("Đường liên xã ở Bình Phước chậm tiến độ, dự án bỏ hoang", "", "critical", "shortcoming"),
        ("Bình Phước khen thưởng học sinh đoạt giải quốc gia", "", "positive", "achievement"),
        ("Bình Phước họp bàn kế hoạch năm tới", "", "neutral", "information"),
        ("Bình Phước mời gọi đầu tư khu dân cư", "", "neutral", "information"),
    ],
)
def test_labels_of_the_guide(shipped: ToneLexicon, title: str, text: str, label: str, issue: str) -> None:
    read = tone(shipped, title, text, topics=("su_viec",) if label == "incident" else ())
    assert (read.tone.label, read.issue_type) == (label, issue)


def test_what_decided_is_shown_on_the_original_characters(shipped: ToneLexicon) -> None:
    title = "Lật xe khách ở Bình Phước, ba người  tử vong"
    read = tone(shipped, title)
    assert "tử vong" in [said.surface for said in read.tone.evidence]
    for said in read.tone.evidence:
        assert title[said.start : said.end] == said.surface
        assert said.place == "binh-phuoc"
        assert said.weight > 0
    assert 0 < read.tone.score <= 1


def test_no_place_no_tone_but_a_document_tone(shipped: ToneLexicon) -> None:
    for read in (
        tone(shipped, "Cháy lớn ở Hải Phòng, hai người tử vong"),
        tone(shipped, "Cháy lớn ở Hải Phòng, hai nạn nhân quê Bình Phước tử vong", nearness="mention"),
    ):
        assert (read.tone.label, read.tone.evidence, read.issue_type) == ("none", [], None)
        assert read.tone_document.label == "negative"
        assert read.tone_document.evidence


def test_only_the_sentences_of_a_part_count(shipped: ToneLexicon) -> None:
    text = (
        "Một vụ cháy ở Hải Phòng làm hai người chết. Cảnh sát bắt nghi phạm. Cửa hàng bị thiêu rụi. "
        "Trong khi đó, Bình Phước tuyên dương năm tấm gương hiến đất làm đường."
    )
    assert tone(shipped, "Tin trong ngày", text, nearness="part").tone.label == "positive"


def test_negation_and_precaution_are_no_incident(shipped: ToneLexicon) -> None:
    assert tone(shipped, "Năm nay Bình Phước không có người chết đuối").tone.label == "neutral"
    assert tone(shipped, "Bình Phước chủ động ứng phó dịch tả heo").tone.label == "neutral"
    assert tone(shipped, "Bình Phước tập huấn phòng cháy chữa cháy").tone.label == "neutral"


def test_a_failing_is_criticism_only_of_an_authority() -> None:
    lexicon = ToneLexicon([Lexicon(fault=["chậm"], authority=["UBND"])])
    read = tone(lexicon, "UBND Bình Phước chậm trả sổ đỏ")
    assert read.tone.label == "critical"
    assert [(said.surface, said.weight > 0) for said in read.tone.evidence] == [("chậm", True), ("UBND", False)]
    assert tone(lexicon, "Mùa mưa ở Bình Phước đến chậm").tone.label == "neutral"
    read = tone(lexicon, "Mùa mưa ở Bình Phước đến chậm", "Ngày mai UBND họp.")
    assert read.tone.label == "neutral"


def test_words_that_pull_both_ways_are_unclear() -> None:
    lexicon = ToneLexicon([Lexicon(critical=Words(strong=["sai phạm"]), positive=Words(strong=["khen thưởng"]))])
    read = tone(lexicon, "Bình Phước khen thưởng nơi có sai phạm")
    assert read.tone.label == "unclear"
    assert read.issue_type is None
    assert {said.surface for said in read.tone.evidence} == {"khen thưởng", "sai phạm"}


def test_a_language_without_a_lexicon_is_unclear(shipped: ToneLexicon) -> None:
    read = tone(shipped, "平福 Bình Phước 火灾", language="zh")
    assert (read.tone.label, read.tone.score, read.issue_type) == ("unclear", 0.0, None)
    assert read.tone_document.label == "neutral"


def test_english(shipped: ToneLexicon) -> None:
    read = tone(shipped, "Crash kills two in Binh Phuoc, one missing", language="en", name="Binh Phuoc")
    assert read.tone.label == "incident"


def test_text_without_marks(shipped: ToneLexicon) -> None:
    read = tone(shipped, "Tai nan o Binh Phuoc, hai nguoi tu vong", name="Binh Phuoc")
    assert read.tone.label == "incident"


def test_only_the_watched_places_count(shipped: ToneLexicon) -> None:
    fields = tokens_of("Cháy lớn ở Bình Phước, hai người tử vong", "", "")
    reading = Reading(
        mentions=[mention("title", 11, PLACE, "about", "dong-nai")], places={"dong-nai": "about"}, verdict="about"
    )
    assert read_tone(fields, reading, [], shipped, "vi", watched=frozenset({"binh-phuoc"})).tone.label == "none"
    assert read_tone(fields, reading, [], shipped, "vi").tone.label == "incident"


def test_document_tone(shipped: ToneLexicon) -> None:
    assert tone(shipped, "Nữ sinh đoạt giải nhất, được vinh danh").tone_document.label == "positive"
    assert tone(shipped, "Khủng hoảng kéo dài, hàng loạt công ty phá sản").tone_document.label == "negative"
    assert tone(shipped, "Lịch họp tuần này").tone_document.label == "neutral"


def test_lexicon_files_refuse_unknown_keys() -> None:
    with pytest.raises(msgspec.ValidationError, match="incidents"):
        msgspec.convert({"incidents": {}}, Lexicon)
