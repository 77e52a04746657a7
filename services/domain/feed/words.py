"""The nine states of a feed in words, and what an operator does about each: one wording for screens and letters."""

from __future__ import annotations

from services.domain.feed import FeedState

STATES: dict[FeedState, str] = {
    "ok": "đọc được",
    "http_error": "không kết nối được",
    "blocked": "bị chặn",
    "empty": "không có mục nào",
    "stale": "lâu không có bài mới",
    "moved": "đã chuyển địa chỉ",
    "wrong_section": "sai chuyên mục",
    "parse_error": "không đọc được định dạng",
    "refused": "địa chỉ không an toàn hoặc quá lớn",
}

ADVICE: dict[FeedState, str] = {
    "ok": "",
    "http_error": "Mở địa chỉ bằng trình duyệt; nếu mở được mà lâu vẫn lỗi, hỏi mạng cơ quan.",
    "blocked": "Báo chặn máy đọc. Không vượt: điền contact, xin tòa soạn cho phép, hoặc dùng truy vấn Google.",
    "empty": "RSS đúng mẫu nhưng rỗng: tìm RSS chuyên mục khác của báo.",
    "stale": "Nguồn đứng im: mở trang báo xem RSS có đổi địa chỉ.",
    "moved": "Vẫn đọc được: sửa url trong feeds.yaml theo địa chỉ mới.",
    "wrong_section": "Địa chỉ trả về chuyên mục khác: kiểm tra số chuyên mục trong url.",
    "parse_error": "Địa chỉ không phải RSS, hoặc RSS hỏng: mở xem, sửa url.",
    "refused": "Địa chỉ không an toàn hoặc quá lớn: kiểm tra url.",
}
"""In Vietnamese, for whoever looks after feeds.yaml."""
