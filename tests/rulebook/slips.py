"""What a clerk really does wrong: a whole file, and the line and column that the first error must name."""

from __future__ import annotations

from dataclasses import dataclass

from tests.rulebook.conftest import FACT, SMALL

BASE = {
    **SMALL,
    "facts.yaml": FACT,
    "people.yaml": "people:\n- {login: an, name: An, email: an@coquan.example, role: analyst}\n",
}


@dataclass(frozen=True)
class Slip:
    """A whole file, and where its first error stands."""

    name: str
    text: str
    line: int
    column: int
    says: str


def _watch(query: str) -> str:
    return f"- id: w\n  name: W\n  recipients: [analyst]\n  query: {query}\n"


def _named(name: str) -> str:
    return SMALL["watches.yaml"].replace("name: Tỉnh Mẫu Phước", f"name: {name}")


def _query(query: str, column: int = 10, says: str = "") -> Slip:
    return Slip("watches.yaml", _watch(query), 4, column, says)


NAMES = "names: [{text: Mẫu Long, kind: huyện}]"
RING = (
    f"- id: a\n  {NAMES}\n  parents: [{{place: b}}]\n"
    f"- id: b\n  {NAMES}\n  parents: [{{place: c}}]\n"
    f"- id: c\n  {NAMES}\n  parents: [{{place: a}}]\n"
)
PLACE, TOPIC, OUTLET, FEED = (SMALL[f"{name}.yaml"] for name in ("places", "topics", "outlets", "feeds"))
PEOPLE = BASE["people.yaml"]
WRONG_WAY = "valid_from: 2025-01-01, valid_to: 2024-01-01"
SLIPS: dict[str, Slip] = {
    "query: empty": Slip("watches.yaml", _watch("''"), 4, 11, ""),
    "query: open bracket": _query("place:tinh-mau AND (", 30),
    "query: closing bracket": _query("place:tinh-mau )", 25),
    "query: OR alone": _query("place:tinh-mau OR", 27),
    "query: NOT alone": _query("NOT place:tinh-mau", 10),
    "query: open quote": _query("'place:tinh-mau \"rừng'", 26),
    "query: no such place": _query("place:tinh-khac", 10, "tinh-khac"),
    "query: no such topic": _query("topic:bien", 10, "bien"),
    "query: no such outlet": _query("place:tinh-mau outlet:khac", 25, "khac"),
    "query: no such field": _query("'place:tinh-mau author:an'", 26),
    "query: a person": _query("Nguyễn Văn A", 10, "điều 2"),
    "query: place or anything": _query("place:tinh-mau OR rừng", 10, "điều 2"),
    "query: bad date": _query("place:tinh-mau after:hôm-qua", 31),
    "query: date that is none": _query("place:tinh-mau after:2026-02-30", 31),
    "query: outlet and tone": _query("place:tinh-mau outlet:bao-mau tone:critical", 40, "công bằng"),
    "query: 1,000 brackets": _query("(" * 1000 + "place:tinh-mau" + ")" * 1000, 30),
    "query: 50,000 words": _query("place:tinh-mau " + "rừng " * 50_000, 8010),
    "query: a list": _query("[place:tinh-mau]"),
    "watch: no recipient": Slip("watches.yaml", SMALL["watches.yaml"].replace("[leadership]", "[]"), 4, 15, "ít nhất"),
    "watch: unknown recipient": Slip(
        "watches.yaml", SMALL["watches.yaml"].replace("[leadership]", "[giam-doc]"), 4, 16, "giam-doc"
    ),
    "watch: same id": Slip("watches.yaml", SMALL["watches.yaml"] * 2, 5, 7, "dòng 1"),
    "watch: id with marks": Slip("watches.yaml", SMALL["watches.yaml"].replace("id: mau", "id: mẫu"), 1, 7, "mẫu"),
    "watch: judging name": Slip(
        "watches.yaml", SMALL["watches.yaml"].replace("Tỉnh Mẫu Phước", "Tin xấu độc"), 2, 9, "điều 7"
    ),
    "watch: two slips of one key": Slip("watches.yaml", SMALL["watches.yaml"] + "  name: B\n", 5, 3, "hai lần"),
    "watch: key of another file": Slip("watches.yaml", SMALL["watches.yaml"] + "  spellings: [x]\n", 5, 3, "spellings"),
    "watch: a sample that fails": Slip("watches.yaml", SMALL["watches.yaml"] + "  match: [Cà phê]\n", 5, 11, "mẫu"),
    "watch: half an emoji in a name": Slip("watches.yaml", _named('"Cháy \\ud83d"'), 2, 9, "nửa ký tự"),
    "watch: halves in the wrong order": Slip("watches.yaml", _named('"\\udd25\\ud83d"'), 2, 9, "DD25"),
    "watch: half an emoji in an id": Slip(
        "watches.yaml", SMALL["watches.yaml"].replace("id: mau", 'id: "mau\\ud83d"'), 1, 7, "nửa ký tự"
    ),
    "watch: half an emoji in a key": Slip("watches.yaml", '- "id\\udfff": mau\n', 1, 3, "nửa ký tự"),
    "watch: NUL in a name": Slip("watches.yaml", _named('"Cháy\\0"'), 2, 9, "ký tự điều khiển"),
    "watch: escape in a name": Slip("watches.yaml", _named('"Cháy\\e[31m"'), 2, 9, "ký tự điều khiển"),
    "watch: a C1 control in a sample": Slip(
        "watches.yaml", SMALL["watches.yaml"] + '  match: ["Mẫu Phước\\x9b"]\n', 5, 11, "ký tự điều khiển"
    ),
    "watch: no character at all": Slip("watches.yaml", _named('"Cháy \\U00110000"'), 2, 15, "không phải là ký tự"),
    "watch: beyond every character": Slip("watches.yaml", _named('"\\UFFFFFFFF"'), 2, 10, "không phải là ký tự"),
    "watch: a name that writes a header": Slip("watches.yaml", _named('"A\\r\\nBcc: x@y.example"'), 2, 9, "một dòng"),
    "watch: a name in two paragraphs": Slip("watches.yaml", _named("|\n    A\n    B"), 2, 9, "một dòng"),
    "watch: a name with a line separator": Slip("watches.yaml", _named('"A\\LB"'), 2, 9, "một dòng"),
    "watch: urgency": Slip("watches.yaml", SMALL["watches.yaml"] + "  urgency: rất gấp\n", 5, 12, "normal, urgent"),
    "places: lies in itself": Slip("places.yaml", PLACE + "  parents: [{place: tinh-mau}]\n", 6, 12, "vòng tròn"),
    "places: ring of three": Slip("places.yaml", PLACE + RING, 8, 12, "vòng tròn"),
    "places: unknown parent": Slip("places.yaml", PLACE + "  parents: [{place: x}]\n", 6, 21, "«x»"),
    "places: unknown successor": Slip(
        "places.yaml", PLACE + "  successors: [{place: x, on: 2025-07-01}]\n", 6, 24, "«x»"
    ),
    "places: becomes itself": Slip(
        "places.yaml", PLACE + "  successors: [{place: tinh-mau, on: 2025-07-01}]\n", 6, 24, "chính nó"
    ),
    "places: no name": Slip("places.yaml", "- id: tinh-mau\n  names: []\n", 2, 10, "tên"),
    "places: blank name": Slip("places.yaml", "- id: tinh-mau\n  names: [{text: ' ', kind: xã}]\n", 2, 10, "tên"),
    "places: name without letters": Slip(
        "places.yaml", "- id: tinh-mau\n  names: [{text: '--', kind: xã}]\n", 2, 10, "chữ"
    ),
    "places: spelling without letters": Slip("places.yaml", PLACE + "  spellings: ['...']\n", 6, 15, "chữ"),
    "places: anchor without letters": Slip("places.yaml", PLACE + "  anchors: ['!']\n", 6, 13, "chữ"),
    "places: confusable without letters": Slip(
        "places.yaml", PLACE + "  confusables: [{text: '?', what: x}]\n", 6, 17, "chữ"
    ),
    "places: kind": Slip("places.yaml", PLACE.replace("kind: tỉnh", "kind: bang"), 4, 31, "một trong"),
    "places: dates the wrong way": Slip(
        "places.yaml",
        PLACE.replace("kind: tỉnh", f"kind: tỉnh, {WRONG_WAY}"),
        4,
        71,
        "đứng trước",
    ),
    "places: parent's dates the wrong way": Slip(
        "places.yaml",
        PLACE + f"- id: xa\n  {NAMES}\n  parents: [{{place: tinh-mau, {WRONG_WAY}}}]\n",
        8,
        65,
        "đứng trước",
    ),
    "places: same id": Slip("places.yaml", PLACE * 2, 6, 7, "dòng 1"),
    "places: a sample that fails": Slip("places.yaml", PLACE + "  match: [Cà phê]\n", 6, 11, "mẫu"),
    "topics: its own parent": Slip("topics.yaml", TOPIC + "    parent: rung\n", 5, 13, "vòng tròn"),
    "topics: ring of two": Slip(
        "topics.yaml", TOPIC + "    parent: b\n  - {id: b, name: B, parent: rung}\n", 5, 13, "vòng tròn"
    ),
    "topics: unknown parent": Slip("topics.yaml", TOPIC + "    parent: x\n", 5, 13, "«x»"),
    "topics: weight": Slip("topics.yaml", TOPIC + "    weight: 9\n", 5, 13, "0 đến 5"),
    "topics: negative weight": Slip("topics.yaml", TOPIC + "    weight: -1\n", 5, 13, "0 đến 5"),
    "topics: a word without letters": Slip("topics.yaml", TOPIC + "    words: ['...']\n", 5, 13, "chữ"),
    "topics: two lists": Slip("topics.yaml", TOPIC + "topic: []\n", 5, 1, "topics"),
    "topics: a sample that fails": Slip("topics.yaml", TOPIC + "    match: [Cà phê]\n", 5, 13, "mẫu"),
    "outlets: a social network": Slip("outlets.yaml", OUTLET.replace("baomau.example.vn", "facebook.com"), 1, 40, ""),
    "outlets: an address": Slip("outlets.yaml", OUTLET.replace("baomau.example.vn", "'http://a.vn/'"), 1, 40, "http"),
    "outlets: www": Slip("outlets.yaml", OUTLET.replace("baomau", "www.baomau"), 1, 40, "www"),
    "outlets: class": Slip("outlets.yaml", OUTLET.replace("press", "pres"), 1, 67, "press, official"),
    "outlets: language": Slip("outlets.yaml", OUTLET.replace("press}", "press, language: viet}"), 1, 84, "hai chữ"),
    "outlets: becomes itself": Slip(
        "outlets.yaml", OUTLET.replace("press}", "press, successor: bao-mau}"), 1, 85, "chính nó"
    ),
    "outlets: one host of two": Slip(
        "outlets.yaml", OUTLET + OUTLET.replace("id: bao-mau", "id: b"), 2, 33, "cùng lúc"
    ),
    "feeds: no outlet": Slip("feeds.yaml", FEED.replace("  outlet: bao-mau\n", ""), 1, 3, "một trong hai"),
    "feeds: unknown outlet": Slip("feeds.yaml", FEED.replace("outlet: bao-mau", "outlet: x"), 3, 11, "«x»"),
    "feeds: loopback": Slip("feeds.yaml", FEED.replace("baomau.example.vn", "127.0.0.1"), 2, 8, ""),
    "feeds: a file": Slip("feeds.yaml", FEED.replace("https://baomau.example.vn", "file:///etc"), 2, 8, ""),
    "feeds: broken address": Slip("feeds.yaml", FEED.replace("https://baomau.example.vn", "https://[::1"), 2, 8, ""),
    "feeds: port out of range": Slip("feeds.yaml", FEED.replace(".vn/", ".vn:99999/"), 2, 8, ""),
    "feeds: too often": Slip("feeds.yaml", FEED + "  every_minutes: 1\n", 4, 18, "10 phút"),
    "feeds: never": Slip("feeds.yaml", FEED + "  every_minutes: 999999999\n", 4, 18, ""),
    "feeds: age": Slip("feeds.yaml", FEED + "  max_age_days: 0\n", 4, 17, "từ 1"),
    "feeds: age without end": Slip("feeds.yaml", FEED + "  max_age_days: 99999999999\n", 4, 17, ""),
    "feeds: zone": Slip("feeds.yaml", FEED + "  timezone: ../../etc/passwd\n", 4, 13, "múi giờ"),
    "feeds: same address": Slip("feeds.yaml", FEED + FEED.replace("bao-mau-moi", "b"), 5, 8, "bao-mau-moi"),
    "facts: unknown place": Slip("facts.yaml", FACT.replace("tinh-mau", "x"), 2, 12, "«x»"),
    "facts: no number": Slip("facts.yaml", FACT.replace('"1.234,5"', "nhiều"), 4, 10, "số"),
    "facts: classified": Slip("facts.yaml", FACT.replace("Nghị quyết mẫu", "Báo cáo (MẬT)"), 7, 11, "mật"),
    "facts: verified by nothing": Slip("facts.yaml", FACT.replace("number: 1/NQ, ", ""), 7, 11, "số và ngày"),
    "facts: date of the source": Slip("facts.yaml", FACT.replace("2025-06-12", "12/6/2025"), 7, 55, "2025-06-12"),
    "facts: tolerance": Slip("facts.yaml", FACT + "  tolerance: 3\n", 11, 14, "0.03"),
    "facts: dates": Slip(
        "facts.yaml", FACT + "  valid_from: 2025-01-01\n  valid_to: 2024-01-01\n", 12, 13, "đứng trước"
    ),
    "people: no address": Slip("people.yaml", PEOPLE.replace("an@coquan.example", "an"), 2, 32, "địa chỉ thư"),
    "people: a role as account": Slip("people.yaml", PEOPLE.replace("login: an", "login: analyst"), 2, 11, ""),
    "people: NUL in a login": Slip("people.yaml", PEOPLE.replace("login: an", 'login: "an\\0"'), 2, 11, "điều khiển"),
    "people: a login of two lines": Slip(
        "people.yaml", PEOPLE.replace("login: an", 'login: "a\\nb"'), 2, 11, "một dòng"
    ),
    "people: a name that writes a header": Slip(
        "people.yaml", PEOPLE.replace("name: An", 'name: "An\\r\\nBcc: x@y.example"'), 2, 21, "một dòng"
    ),
    "people: an address that writes a header": Slip(
        "people.yaml", PEOPLE.replace("an@coquan.example", '"an@coquan.example\\nBcc: x"'), 2, 32, "địa chỉ thư"
    ),
    "people: twice": Slip("people.yaml", PEOPLE + PEOPLE.partition("\n")[2], 3, 11, "hai lần"),
    "people: unknown mailbox": Slip("people.yaml", "people: []\nmailboxes: {giam_doc: a@b.c}\n", 2, 13, "giam_doc"),
    "people: bare list": Slip("people.yaml", "- {login: an}\n", 1, 1, ""),
    "lexicon: words as text": Slip("lexicon/vi.yaml", "language: vi\nfault: chậm\n", 2, 8, "danh sách"),
    "lexicon: level": Slip("lexicon/vi.yaml", "language: vi\npositive: {rất: [a]}\n", 2, 12, "rất"),
    "lexicon: a word without letters": Slip("lexicon/vi.yaml", "language: vi\nfault: ['!!']\n", 2, 9, "chữ"),
    "lexicon: language": Slip("lexicon/vi.yaml", "language: tiếng Việt\n", 1, 11, "hai chữ"),
    "lexicon: a sample that fails": Slip(
        "lexicon/vi.yaml", "language: vi\nsamples: [{text: Mẫu Phước, tone: positive}]\n", 2, 35, "positive"
    ),
    "settings: scheme": Slip("diembao.yaml", "bus: redis://x\n", 1, 6, "sqlite"),
    "settings: password": Slip("diembao.yaml", "bus: kafka://an:mk@host:9092\n", 1, 6, "mật khẩu"),
    "settings: hour": Slip("diembao.yaml", "digest: {at: 6 giờ}\n", 1, 14, "06:30"),
    "settings: hour that is none": Slip("diembao.yaml", "digest: {at: '25:00'}\n", 1, 14, "06:30"),
    "settings: route abroad": Slip("diembao.yaml", "collector: {routes: {a.vn: 'http://10.0.0.1:80'}}\n", 1, 28, ""),
    "settings: two lines in a header": Slip("diembao.yaml", 'collector: {contact: "a\\nb"}\n', 1, 22, "một dòng"),
    "settings: two lines in a subject": Slip("diembao.yaml", 'banner: "a\\nb"\n', 1, 9, "một dòng"),
    "settings: half an emoji": Slip("diembao.yaml", 'office: {name: "\\ud83d"}\n', 1, 16, "nửa ký tự"),
    "settings: no revisit": Slip("diembao.yaml", "collector: {revisit_hours: [2, 0]}\n", 1, 32, "lớn hơn 0"),
    "settings: revisit in a century": Slip("diembao.yaml", "collector: {revisit_hours: [2, 9e9]}\n", 1, 32, ""),
    "settings: weekday": Slip("diembao.yaml", "digest: {working_days: [thứ hai]}\n", 1, 25, ""),
    "settings: public address": Slip("diembao.yaml", "public_url: 'ftp://x'\n", 1, 13, "http"),
}
