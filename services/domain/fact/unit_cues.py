"""Words that say whether a unit named in a sentence is meant as it is today.

All are matched against `Statement.words`: tokens with their marks, a space around each. Syllables that also stand in
other words ("hiện" in "phát hiện", "hội" in "xã hội") say so beside them.
"""

from __future__ import annotations

import re


def _any_of(lists: str) -> re.Pattern[str]:
    """Any of these words, parted by "|" and by lines."""
    return re.compile(" (?:" + "|".join(line.strip(" |") for line in lists.strip().splitlines()) + ")(?= )")


MERGED = _any_of("""
    sáp nhập|hợp nhất|nay là|nay thuộc|nay gọi|giải thể|không còn|đổi tên|hai cấp|2 cấp|địa giới|tỉnh cũ|huyện cũ
""")
"""Said of a unit anywhere, they show that the writer knows: the old name is then a short form for the territory."""

PAST = _any_of("""
    cũ|trước đây|trước kia|trước khi|tiền thân|chia tách|tách ra|tách từ|được tách|chấm dứt|kết thúc hoạt động
    chuyển thành|được thành lập|ngày thành lập|khi thành lập|tái lập|sắp xếp|trở thành
    hồi đó|hồi năm|hồi ấy|khi đó|lúc đó|khi ấy|lúc ấy|năm ấy|ngày ấy|thời điểm đó|bấy giờ|thuở|xưa
    năm ngoái|năm trước|tháng trước|năm xưa|ngày xưa
    (?<!tây )(?<!thái )(?<!cao )(?<!trung )nguyên(?! nhân| liệu| vẹn| tắc| tố| đơn| trạng)|cựu(?! chiến binh)
    (?<!kịp )(?<!đồng )(?<!tức )thời(?! gian| tiết| điểm| sự| hạn)|từng(?! bước| ngày| hộ| nhà| người)
    kháng chiến|chiến tranh|giải phóng|liệt sĩ|hài cốt|căn cứ cách mạng|chiến dịch|chiến thắng
    trụ sở|dôi dư|bỏ hoang|bỏ trống|để lại|kế thừa|bàn giao|bằng cấp|chứng chỉ|nghỉ hưu|nghỉ theo
    trên cơ sở|toàn bộ diện tích|di tích|kỷ niệm|truyền thống|lịch sử|khóa [ivx0-9]+
""")

LIFE = _any_of("""
    (?<!dân )(?<!học )(?<!khai )sinh (?:ra|năm|tại|ngày|trưởng)|quê|quê quán|nguyên quán|thường trú|tạm trú|ngụ|cư trú
    hộ khẩu|hktt|sn|(?<!lưu )(?<!nội )(?<!bán )trú|đến từ|người gốc|lớn lên|hy sinh|qua đời|từ trần|tuổi
""")

LAW = _any_of("""
    bị cáo|bị can|cáo trạng|truy tố|xét xử|xử phạt|phiên tòa|tòa án|tand|vks|vksnd|viện kiểm sát|bản án
    tuyên phạt|tuyên án|vụ án|khởi tố|khởi kiện|kháng cáo|thi hành án|phạm tội|sơ thẩm|phúc thẩm|truy nã
""")

DOCUMENT = _any_of("""
    (?:nghị quyết|quyết định|kế hoạch|công văn|chỉ thị|thông báo|tờ trình|kết luận|báo cáo|văn bản) (?:số|của|do|ngày)
    (?:giấy phép|giấy chứng nhận|sổ đỏ|hợp đồng|hồ sơ|quy hoạch|đề án|chương trình|niên giám) (?:số|của|do|ngày)
    (?:do|được) (?:[^ ]+ ){0,4}(?:ubnd|ủy ban nhân dân|hđnd|sở|phòng|chủ tịch|tỉnh ủy|huyện ủy|công an)
    theo quyết định|theo nghị quyết|theo hồ sơ|theo quy hoạch
""")
"""Before the unit, they make it part of a document's name, or the doer of what was done ("do UBND ... cấp")."""

CODE = re.compile(r"\d+\s?[-/]\s?(?:\d{4}\s?[-/]\s?)?(?:QĐ|NQ|KH|CT|TB|BC|CV|TTr|UBND|HĐND|HU|TU)\b")
""" "123/QĐ-UBND": a document's number; against the sentence as printed."""

NOW = _any_of("""
    vừa|đang|sẽ|hiện nay|hiện tại|hiện có|hiện còn|hiện là|hôm nay|sáng nay|trưa nay|chiều nay|tối nay|đến nay
    đêm qua|hôm qua|sáng qua|chiều qua|tối qua|mới đây|tuần này|tháng này|năm nay|những ngày qua|những ngày này
    (?<!thực )(?<!phát )(?<!xuất )(?<!thể )(?<!tái )(?<!cải )(?<!biểu )hiện(?! trường| vật| đại| thực| tượng| hành)
""")

SAYS = _any_of("""
    cho biết|cho hay|thông tin|khẳng định|yêu cầu|đề nghị|chỉ đạo|cảnh báo|kêu gọi|khuyến cáo|quyết định|tổ chức
    ban hành|phối hợp|triển khai|phát động|khai mạc|công bố|kiểm tra|phê duyệt|thống nhất|giao|lên kế hoạch
    tiếp nhận|xác nhận
""")

IS = _any_of("là|có|gồm|nằm|giáp|rộng|đón")

AUTHORITY = _any_of("""
    ubnd|ủy ban nhân dân|hđnd|hội đồng nhân dân|công an|sở|phòng|ban thường vụ|ban chấp hành|chính quyền|lãnh đạo
    chủ tịch|phó chủ tịch|bí thư|phó bí thư|giám đốc|chi cục|hạt kiểm lâm|bộ chỉ huy|ban chỉ huy|ủy ban mttq
    thanh tra|bộ đội
""")

ORGANISATION = _any_of("""
    bệnh viện|(?<!thị )(?<!môi )(?<!hiện )trường(?! hợp)|thpt|thcs|tiểu học|mầm non|đại học|cao đẳng|công ty
    doanh nghiệp|hợp tác xã|clb|câu lạc bộ|(?<!bộ )(?<!quân )đội|hiệp hội|liên đoàn|liên minh|đoàn|quỹ
    (?<!xã )(?<!quốc )(?<!đại )(?<!cơ )hội(?! đồng| nghị| thảo| trường)|(?<!thông )(?<!cảnh )báo(?! cáo| động)
    đài|tạp chí|bảo tàng|thư viện|nhà văn hóa|chùa|giải(?! pháp| quyết| ngân| tỏa| đáp| thích)|cúp|đường|tỉnh lộ
    quốc lộ|(?<!yêu )(?<!nhu )cầu|chợ|ngân hàng|bưu điện|điện lực|viễn thông|chi nhánh|khu công nghiệp
    cụm công nghiệp|đảng bộ|địa chí|ngày hội|cổng thông tin|trang thông tin|nhà máy|khách sạn|thương hiệu|đặc sản
    xổ số|trại giam
""")
"""Right before the unit: its name is then part of another name, which keeps it."""
