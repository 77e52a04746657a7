"""A watch must require a place or a topic, behave on its samples, and use no word that judges."""

import json
from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.domain.place import Place, PlaceName
from services.domain.place.register import PlaceRegister
from services.domain.watch import Watch
from services.rulebook.convert import read_list
from services.rulebook.fair_words import JUDGING
from services.rulebook.load import load
from services.rulebook.watch_checks import Known, compile_watches
from services.rulebook.yaml_source import Source
from tests.rulebook.conftest import Write

Errors = Callable[..., list[str]]


def watch(query: str, *more: str) -> str:
    return "\n".join(["- id: w", "  name: W", f"  query: {query}", "  recipients: [analyst]", *more]) + "\n"


@pytest.mark.parametrize(
    "query",
    [
        "'\"nhà báo Nguyễn A\"'",
        "điều OR place:tinh-mau",
        "điều -place:tinh-mau",
        "điều NOT topic:rung",
        "outlet:bao-mau",
        "language:en",
    ],
)
def test_a_watch_that_matches_without_place_or_topic_is_refused(errors: Errors, query: str) -> None:
    (error,) = errors(watches=watch(query))
    assert error.startswith("watches.yaml:3:10:")
    assert "quy tắc đưa tin công bằng, điều 2" in error
    assert "fair coverage, rule 2" in error


@pytest.mark.parametrize(
    "query",
    [
        *("place:tinh-mau", "place:tinh-mau/any điều", "topic:rung OR place:tinh-mau", "topic:rung -điều"),
        *(
            "place:tinh-mau tone:critical",
            "topic:rung -tone:positive",
            "'place:tinh-mau re:/đt\\.?741/ =cháy NEAR/5 rừng'",
        ),
    ],
)
def test_one_that_requires_them_is_accepted(errors: Errors, query: str) -> None:
    assert errors(watches=watch(query)) == []


@pytest.mark.parametrize(
    ("query", "column"),
    [
        ("place:tinh-mau AND (", 10 + 20),
        ("'place:tinh-mau AND ('", 10 + 21),
        ("place:tinh-mau place:tinh-khac", 10 + 15),
        ('"topic:rung topic:bien"', 10 + 12),
        ("place:tinh-mau cháy NEAR rừng", 10 + 20),
        ("place:tinh-mau re:/cháy(/", 10 + 19),
        ("place:tinh-mau =", 10 + 15),
        ("place:tinh-mau outlet:bao-mau tone:critical", 10 + 30),
    ],
)
def test_errors_in_a_query_have_their_column(errors: Errors, query: str, column: int) -> None:
    (error,) = errors(watches=watch(query))
    assert error.startswith(f"watches.yaml:3:{column}:")


def test_errors_in_a_query_over_several_lines_point_at_its_beginning(errors: Errors) -> None:
    (error,) = errors(watches=watch(">-\n    place:tinh-mau\n    AND ("))
    assert error.startswith("watches.yaml:3:10:")
    assert "cột 21 của truy vấn" in error


def test_samples_must_match_and_must_not(errors: Errors) -> None:
    good = ("  match: ['Mẫu Phước họp báo']", "  refuse: ['Cà phê lên giá']")
    assert errors(watches=watch("place:tinh-mau/any", *good)) == []
    swapped = ("  match: ['Cà phê lên giá', 'Mẫu Phước họp báo']", "  refuse: ['Mẫu Phước họp báo']")
    missed, caught = errors(watches=watch("place:tinh-mau/any", *swapped))
    assert missed.startswith("watches.yaml:5:11:")
    assert "phải khớp mà không khớp" in missed
    assert caught.startswith("watches.yaml:6:12:")
    assert "không được khớp mà lại khớp" in caught


def test_a_sample_has_the_tone_that_the_lexicon_reads_in_it(errors: Errors) -> None:
    praised = ("  match: ['Mẫu Phước được khen thưởng vì giữ rừng']", "  refuse: ['Mẫu Phước họp báo']")
    assert errors(watches=watch("place:tinh-mau tone:positive", *praised)) == []
    (other,) = errors(watches=watch("place:tinh-mau tone:critical", praised[0]))
    assert "phải khớp mà không khớp" in other


def test_a_samples_first_line_is_its_title(errors: Errors) -> None:
    block = ("  match:", "    - |", "      Mẫu Phước họp báo", "      Buổi họp bàn về giá cà phê.")
    assert errors(watches=watch('place:tinh-mau/any title:"họp báo" body:"cà phê"', *block)) == []


def test_a_sample_has_a_tone(errors: Errors) -> None:
    """Neutral where a watched place is spoken of and nothing is said of it, none elsewhere."""
    samples = ("  match: ['Mẫu Phước họp báo']", "  refuse: ['Nạn phá rừng, phá rừng']")
    assert errors(watches=watch("(place:tinh-mau/any OR topic:rung) tone:neutral", *samples)) == []
    assert len(errors(watches=watch("(place:tinh-mau/any OR topic:rung) tone:none", *samples))) == 2


def test_samples_are_left_to_check_and_to_the_services(write: Write) -> None:
    folder = write(watches=watch("place:tinh-mau", "  match: ['Cà phê lên giá']"))
    assert list(load(folder, samples=False).watches) == ["w"]


def test_recipients_are_roles_or_logins(errors: Errors) -> None:
    people = "people: [{login: an, name: An, email: an@coquan.example, role: operator}]\n"
    text = watch("place:tinh-mau").replace("[analyst]", "[an, leadership, binh]")
    (error,) = errors(people=people, watches=text)
    assert error.startswith("watches.yaml:4:32:")
    assert "«binh»" in error
    (none,) = errors(watches=text.replace("[an, leadership, binh]", "[]"))
    assert "ít nhất một người nhận" in none


@pytest.mark.parametrize("word", JUDGING)
def test_judging_words_name_nothing(errors: Errors, word: str) -> None:
    shouted = f"Tin {word.upper()}"
    name = errors(watches=watch("place:tinh-mau").replace("name: W", f"name: Theo dõi {word}"))
    topic = errors(topics=f"- id: rung\n  name: {shouted}\n")
    for found in (name, topic):
        assert "không dùng từ phán xét" in found[0]
    # A query may quote what the press writes.
    assert errors(watches=watch(f"'place:tinh-mau \"{word}\"'")) == []


def test_urgency_and_section(write: Write, errors: Errors) -> None:
    rules = load(write(watches=watch("place:tinh-mau", "  urgency: urgent", "  section: Việc gấp")))
    one = rules.watches["w"].watch
    assert (one.urgency, one.section) == ("urgent", "Việc gấp")
    assert (Watch(id="a", name="A", query="", recipients=[]).urgency, load(write()).watches["mau"].watch.section) == (
        "normal",
        "",
    )
    (unknown,) = errors(watches=watch("place:tinh-mau", "  urgency: gấp"))
    assert unknown.startswith("watches.yaml:5:12:")
    assert "một trong: normal, urgent" in unknown
    (judging,) = errors(watches=watch("place:tinh-mau", "  section: Tin xấu độc"))
    assert judging.startswith("watches.yaml:5:12:")
    (long,) = errors(watches=watch("place:tinh-mau", f"  section: {'mục ' * 16}"))
    assert "không quá 60 chữ cái" in long


_PLACES = PlaceRegister([Place(id="a", names=[PlaceName(text="Mẫu Phước", kind="tỉnh")], watched=True)])
_KNOWN = Known(_PLACES, frozenset("a"), frozenset("t"), frozenset("o"), None, samples=None)
_FREE = st.sampled_from(["điều", '"nhà báo"', "title:x", "outlet:o", "language:vi", "after:2026-01-01"])
_BOUND = st.sampled_from(["place:a", "place:a/any", "topic:t"])


def _combined(inner: st.SearchStrategy[tuple[str, bool]]) -> st.SearchStrategy[tuple[str, bool]]:
    pairs = st.tuples(inner, inner)
    return st.one_of(
        pairs.map(lambda two: (f"({two[0][0]} AND {two[1][0]})", two[0][1] or two[1][1])),
        pairs.map(lambda two: (f"({two[0][0]} OR {two[1][0]})", two[0][1] and two[1][1])),
        pairs.map(lambda two: (f"({two[0][0]} -({two[1][0]}))", two[0][1])),
    )


_QUERIES = st.recursive(
    st.one_of(_FREE.map(lambda text: (text, False)), _BOUND.map(lambda text: (text, True))), _combined, max_leaves=8
)


@settings(max_examples=150, deadline=None)
@given(_QUERIES)
def test_property_no_watch_matches_without_place_or_topic(query: tuple[str, bool]) -> None:
    """Held against the structure: AND needs one side, OR both, what is excluded binds nothing."""
    text, bound = query
    source = Source("watches.yaml", watch(json.dumps(text, ensure_ascii=False)))
    compile_watches(source, read_list(source, Watch, "watches"), _KNOWN)
    refused = [error for error in source.errors if "rule 2" in error.english]
    assert source.errors == refused
    assert bool(refused) == (not bound)


def test_an_outlet_that_is_none_is_told(errors: Errors) -> None:
    (error,) = errors(watches=watch("place:tinh-mau outlet:zzz"))
    assert "không có báo «zzz» trong outlets.yaml" in error
    assert errors(watches=watch("place:tinh-mau outlet:bao-mau")) == []


@pytest.mark.parametrize("name", ["Tin XẤU-ĐỘC", "Tin xau doc", "thù_địch", "Tin ba\u0301o xa\u0302\u0301u"])
def test_judging_words_in_another_dress(errors: Errors, name: str) -> None:
    assert "không dùng từ phán xét" in errors(topics=f"- {{id: rung, name: {name!r}}}\n")[0]


@pytest.mark.parametrize("name", ["Phần đông dân cư", "Thu dịch vụ", "Bão xấu đi"])
def test_words_that_only_look_like_judging(errors: Errors, name: str) -> None:
    assert errors(topics=f"- {{id: rung, name: {name!r}}}\n") == []


def test_a_file_that_cannot_be_read_is_told_once(errors: Errors) -> None:
    watched = watch("place:tinh-mau topic:rung outlet:bao-mau")
    for name in ("topics", "places", "outlets"):
        found = errors(**{name: "- {id: a\n  b", "watches": watched})
        assert {line.split(":")[0] for line in found} == {f"{name}.yaml"}, found
