"""Vietnamese words for what letters name by code: languages, countries, tones, statuses."""

from __future__ import annotations

from datetime import date

from services.domain.finding import FindingKind, FindingStatus
from services.domain.tone import ToneLabel

LANGUAGES = {
    "vi": "tiếng Việt",
    "en": "tiếng Anh",
    "fr": "tiếng Pháp",
    "zh": "tiếng Trung",
    "ja": "tiếng Nhật",
    "ko": "tiếng Hàn",
    "ru": "tiếng Nga",
    "de": "tiếng Đức",
    "es": "tiếng Tây Ban Nha",
    "km": "tiếng Khmer",
    "lo": "tiếng Lào",
    "th": "tiếng Thái",
}
COUNTRIES = {
    "VN": "Việt Nam",
    "KH": "Campuchia",
    "LA": "Lào",
    "TH": "Thái Lan",
    "CN": "Trung Quốc",
    "TW": "Đài Loan",
    "HK": "Hồng Kông",
    "JP": "Nhật Bản",
    "KR": "Hàn Quốc",
    "SG": "Singapore",
    "MY": "Malaysia",
    "ID": "Indonesia",
    "PH": "Philippines",
    "IN": "Ấn Độ",
    "AU": "Úc",
    "US": "Hoa Kỳ",
    "CA": "Canada",
    "GB": "Anh",
    "FR": "Pháp",
    "DE": "Đức",
    "RU": "Nga",
    "QA": "Qatar",
}
TONES: dict[ToneLabel, str] = {
    "positive": "tích cực",
    "neutral": "trung tính",
    "critical": "phản ánh hạn chế",
    "incident": "sự cố",
    "unclear": "không rõ",
    "none": "",
}
STATUSES: dict[FindingStatus, str] = {
    "proposed": "cần kiểm tra",
    "confirmed": "chưa chính xác (đã xác nhận nội bộ)",
    "dismissed": "bỏ qua: bài báo không sai",
    "register_wrong": "sổ dữ kiện sai",
    "reopened": "mở lại",
    "resolved": "đã cải chính",
}
KINDS: dict[FindingKind, str] = {
    "number": "con số",
    "date": "ngày tháng",
    "unit_status": "đơn vị không còn",
    "unit_name": "tên đơn vị",
    "place_parent": "nơi trực thuộc",
}
_WEEKDAYS = ("thứ Hai", "thứ Ba", "thứ Tư", "thứ Năm", "thứ Sáu", "thứ Bảy", "Chủ nhật")


def language(code: str) -> str:
    return LANGUAGES.get(code, f"ngôn ngữ {code}")


def country(code: str) -> str:
    return COUNTRIES.get(code, code)


def weekday(day: date) -> str:
    return _WEEKDAYS[day.weekday()]


def thousands(number: int) -> str:
    """1234 -> "1.234"."""
    return f"{number:,}".replace(",", ".")


def written_day(iso: str) -> str:
    """ "2025-06-12" -> "12/06/2025"; other text as it is."""
    try:
        day = date.fromisoformat(iso)
    except ValueError:
        return iso
    return day.strftime("%d/%m/%Y")
