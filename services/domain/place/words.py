"""Words of Vietnamese (and some English) that tell a place from a person, a street or a place elsewhere.

All are marked tokens in lower case, as `Tokens.marked` holds them.
"""

from __future__ import annotations

from services.domain.place import Kind


def _set(words: str) -> frozenset[str]:
    return frozenset(words.split())


def _phrases(words: str) -> frozenset[tuple[str, ...]]:
    return frozenset(tuple(phrase.split()) for phrase in words.split(", "))


# How a unit's kind is written before its name; longer forms first.
KIND_BEFORE: tuple[tuple[tuple[str, ...], Kind], ...] = (
    (("vườn", "quốc", "gia"), "vườn quốc gia"),
    (("thành", "phố"), "thành phố"),
    (("thị", "xã"), "thị xã"),
    (("thị", "trấn"), "thị trấn"),
    (("tỉnh",), "tỉnh"),
    (("tp",), "thành phố"),
    (("huyện",), "huyện"),
    (("tx",), "thị xã"),
    (("tt",), "thị trấn"),
    (("quận",), "quận"),
    (("xã",), "xã"),
    (("phường",), "phường"),
    (("h",), "huyện"),
    (("q",), "quận"),
    (("x",), "xã"),
    (("p",), "phường"),
)
KIND_WORDS = frozenset(word for words, _ in KIND_BEFORE for word in words)

KIND_AFTER: dict[str, Kind] = {
    "province": "tỉnh",
    "district": "huyện",
    "commune": "xã",
    "ward": "phường",
    "town": "thị xã",
    "township": "thị trấn",
}

DISTRICT_KINDS = _set("huyện") | {"thị xã", "thành phố"}
COMMUNE_KINDS = _set("xã phường") | {"thị trấn"}

# "đường Bình Long", "chợ Phước Long": something named after a place, for names that other places bear too.
LANDMARKS = _set(
    "đường phố hẻm ngõ cầu chợ chùa đình sông suối kênh rạch đèo ấp thôn làng xóm khóm buôn bản bến cảng phà ga đảo "
    "dệt quán tiệm trại trường street bridge"
)
LANDMARK_PAIRS = _phrases("ngã ba, ngã tư, khu phố, nút giao, vòng xoay, tiểu học, tổ dân, dân phố, cầu vượt, quốc gia")

# Who is spoken of by a given name: "anh Bình Phước".
PERSON_TITLES = _set("ông bà anh chị cô chú bác cậu dì mợ thầy cháu bé em sĩ tá tướng úy mr mrs ms miss")
SURNAMES = _set(
    "nguyễn trần lê phạm hoàng huỳnh phan vũ võ đặng bùi đỗ ngô dương đinh trương tạ châu tô lương tăng quách phùng "
    "lưu trịnh vương điểu thị đào mạc nghiêm khổng thạch kiều tống"
)
# Surnames that are also common words with which a sentence may begin.
DOUBTFUL_SURNAMES = _set("hồ cao mai thái lâm lý hà")

# Words that stand before a place's name with a capital only because a sentence or a heading begins with them.
STARTERS = _set(
    "tại ở từ đến về qua của và với cho trên dưới theo riêng còn tỉnh huyện xã phường thị thành tp tx công khu vùng "
    "người dân hạt cao trung bắc nam đông tây gần vào tới giữa như hay hoặc sang ra lên xuống in at from to of near "
    "and the for"
)
NEVER_IN_NAME = _set("ubnd hđnd ubmttq mttq tand vksnd csgt pc bch tp tx q p h x tt bv đbqh clb fc hlv gđ")

# Where somebody lives or comes from, or a firm has its seat.
HOME = _set("quê ngụ trú hktt nktt nđktt")
HOME_PAIRS = _phrases(
    "hộ khẩu, sinh ra, quê quán, đến từ, gốc ở, sinh tại, cư trú, sinh sống, sống tại, sống ở, sống tận, bươn chải, "
    "lập nghiệp, định cư, làm thuê, lớn lên, trụ sở, địa chỉ, số nhà"
)
# What may stand between such a word and the name.
ADDRESS_FILL = _set(
    "tại ở cùng đều các thôn ấp khu phố số tổ đường quốc lộ và gốc trên địa bàn thường tạm của làng sóc bon khóm đội "
    "cũ mới hiện trước vùng miền chị anh ông bà em cháu đóng đặt"
)

# Bodies and persons that act for a place.
AUTHORITIES = (
    "ubnd|hđnd|ủy ban nhân dân|hội đồng nhân dân|mttq|ubmttq|sở|cục|chi cục|công an|csgt|tỉnh ủy|huyện ủy|thị ủy|"
    "thành ủy|đảng bộ|bch|ban tổ chức|thanh tra|chính quyền|lãnh đạo|chủ tịch|bí thư|giám đốc|cơ quan|tand|"
    "tòa án nhân dân|vksnd|viện kiểm sát nhân dân|bộ đội biên phòng|bđbp|bộ chỉ huy quân sự|hạt kiểm lâm|bệnh viện|cdc|"
    "trung tâm|trường|đài|phòng|ban|ban quản lý|hội|hội nông dân|tỉnh đoàn|liên đoàn lao động|điện lực|nhân dân"
)
"""Alternatives of a regular expression."""

# Words with which a statement about the place goes on right after its name.
PREDICATES = _set(
    "đã đang sẽ vừa có là được bị chỉ cũng còn phải không chưa đạt tăng giảm đứng xếp dẫn nằm tổ phát bắt khởi tạm "
    "tiếp phối điều chủ cho xảy"
)
