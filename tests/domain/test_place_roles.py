"""Each rule of a place's role in its sentence, with a sentence that it takes and one near to it that it refuses.

The role itself is asserted, not the class: by its score an article may name a place in passing without the rule.
"""

from __future__ import annotations

import pytest

from services.domain.place.role import Role
from tests.domain.place_scene import PlaceScene


@pytest.fixture(scope="module")
def scene() -> PlaceScene:
    return PlaceScene()


# Rule -> (its role, sentences that it takes, sentences near to them and their role).
ROLES: dict[str, tuple[Role, list[str], dict[str, Role]]] = {
    "home: a word of home before it": (
        "home",
        ["Nghi phạm quê Bình Phước ra trình diện.", "Quê Bình Phước, chị đi làm xa."],
        {
            "Nghi phạm đập phá Bình Phước cả đêm.": "own",
            "Anh nhớ quê. Bình Phước mưa to.": "own",
            "Bình Phước, ôi quê": "own",
        },
    ),
    "home: a pair of words": (
        "home",
        ["Hai anh em sinh ra tại Bình Phước.", "Sinh ra tại Bình Phước, chị đi làm xa."],
        {"Hai anh em gặp nhau tại Bình Phước.": "own"},
    ),
    "home: a person of the place": (
        "home",
        ["Anh thợ hàn là người Bình Phước."],
        {"Đông người ở Bình Phước xem hội.": "own", "Có người tại Bình Phước xem hội.": "own"},
    ),
    "home: at the end of an address": (
        "home",
        [
            "Nạn nhân ngụ ấp 3, xã Mẫu Đơn, huyện Bàu Sen, Bình Phước.",
            "Nạn nhân ngụ tại vùng cũ của Bình Phước.",
            "Nạn nhân ngụ 12 tỉnh Bình Phước.",
        ],
        {"Nạn nhân ngụ nơi khác, đến xã Mẫu Đơn, huyện Bàu Sen, Bình Phước.": "own"},
    ),
    "home: no address goes past a bracket, semicolon or colon": (
        "home",
        ["Chị quê ở Tam Kỳ, Bình Phước họp khẩn."],
        {
            "Chị quê ở Tam Kỳ; Bình Phước họp khẩn.": "own",
            "Chị (quê ở Tam Kỳ) Bình Phước họp khẩn.": "own",
            "Chị quê ở Tam Kỳ: Bình Phước họp khẩn.": "own",
        },
    ),
    "person in brackets": (
        "home",
        ["Nguyễn Văn Mẫn (31 tuổi, Bình Phước) nhận giải.", "Lê Mẫn (Bình Phước, 31 tuổi) nhận giải."],
        {
            "Quán Bàu Sen Mẫu (31 bàn, Bình Phước) nhận giải.": "own",
            "Nguyễn Văn Mẫn (31 tuổi, Bình Phước mở hội) nhận giải.": "own",
            "Nguyễn Văn Mẫn, 31 tuổi, Bình Phước) nhận giải.": "own",
            "Nguyễn (31 tuổi, Bình Phước) nhận giải.": "own",
            "Nguyễn Văn Mẫn kể (31 tuổi, Bình Phước) nhận giải.": "own",
        },
    ),
    "person in brackets, a doubtful surname": (
        "home",
        ["Hồ Văn Mẫn (31 tuổi, Bình Phước) nhận giải."],
        {"Hội Văn Mẫn (31 tuổi, Bình Phước) nhận giải.": "own"},
    ),
    "person of": (
        "home",
        ["Hôm qua bà Nguyễn Thị Mẫn ở Bình Phước bán tiêu.", "Ông Mẫn ở tỉnh Bình Phước bán tiêu."],
        {
            "Hôm qua hội Nguyễn Thị Mẫn ở Bình Phước bán tiêu.": "own",
            "Hôm qua bà Nguyễn Thị Mẫn khen Bình Phước bán tiêu.": "own",
            "Hôm qua bà Bán Tiêu Mua Gạo Đổi Muối Ngọt ở Bình Phước vui.": "own",
            "Mẫn ở Bình Phước, một bà": "own",
            "Hôm qua vài bà ở Bình Phước bán tiêu.": "own",
        },
    ),
    "somebody": (
        "home",
        ["Số tiền cho hai người ở Bình Phước vừa trao.", "Số tiền của nhóm thanh niên tại Bình Phước vừa trao."],
        {"Hai người ở Bình Phước vừa trao tiền.": "own", "Số tiền cho hai người ở xa, Bình Phước góp.": "own"},
    ),
    "gone from": (
        "home",
        ["Nhiều thợ trẻ rời khỏi địa phương Bình Phước.", "Nhiều thợ trẻ rời địa phương Bình Phước."],
        {
            "Nhiều thợ trẻ ở địa phương Bình Phước.": "own",
            "Nhiều thợ trẻ rời địa phương nghèo, Bình Phước vắng.": "own",
        },
    ),
    "speaker, by a surname": (
        "home",
        ["Bên lò gốm Nguyễn Thị Mẫn, Bình Phước kể giá tăng.", "Bên lò gốm Hồ Mẫn, Bình Phước kể giá tăng."],
        {
            "Bên lò gốm Nguyễn Thị Mẫn, Bình Phước tăng giá.": "own",
            "Bên lò gốm Bàu Sen Mẫu, Bình Phước kể giá tăng.": "own",
            "Bên lò gốm Nguyễn Thị Mẫn - Bình Phước kể giá tăng.": "own",
            "Bên lò gốm Nguyễn, Bình Phước kể giá tăng.": "own",
            "Bên lò gốm Nguyễn cũ, Bình Phước kể giá tăng.": "own",
        },
    ),
    "speaker, by a title": (
        "home",
        ["Theo chị Mẫn, Bình Phước cho biết giá tăng."],
        {"Theo chợ Mẫn, Bình Phước cho biết giá tăng.": "own", "Theo các chị, Bình Phước cho biết giá tăng.": "own"},
    ),
    "list: two of elsewhere beside it": (
        "list",
        ["Mưa ở Tây Ninh, Bình Phước, Long An.", "Mưa ở Tây Ninh, Long An và Bình Phước."],
        {"Mưa ở Tây Ninh, Bình Phước.": "own"},
    ),
    "list: and so on": (
        "list",
        ["Mưa ở Bàu Sen, Bình Phước...", "Mưa ở Bàu Sen, Bình Phước…"],
        {"Mưa ở Bình Phước...": "own", "Mưa ở Bàu Sen, Bình Phước.": "own"},
    ),
    "list: of projects and plants": (
        "list",
        [
            "Vốn chia cho dự án đập Bàu Sen, Bình Phước, dự án hồ Mẫu Đơn.",
            "Vốn chia cho nhà máy Bàu Sen, Bình Phước và nhà máy Mẫu Đơn.",
            "Vốn chia cho khu Bàu Sen, Bình Phước; khu Mẫu Đơn.",
            "Vốn chia cho trung tâm Bàu Sen, Bình Phước, trung tâm Mẫu Đơn.",
            "Vốn chia cho công ty Bàu Sen, Bình Phước, và công ty Mẫu Đơn.",
        ],
        {
            "Vốn chia cho đập Bàu Sen, Bình Phước, dự án hồ Mẫu Đơn.": "own",
            "Vốn chia cho dự án đập Bàu Sen, Bình Phước, việc khác.": "own",
        },
    ),
    "caption: a credit after it": (
        "caption",
        ["Đàn bò tót ở Bình Phước (ảnh: Mẫu Đơn)"],
        {"Đàn bò tót ở Bình Phước (theo: Mẫu Đơn)": "own"},
    ),
    "caption: a credit before it": (
        "caption",
        ["Ảnh: Bình Phước mùa điều", "Lúa chín (ảnh: tỉnh Bình Phước)"],
        {"Tin: Bình Phước mùa điều": "own", "Ảnh: một lò gốm cổ ven con sông và Bình Phước mùa điều": "own"},
    ),
    "history": (
        "history",
        ["Sông Bé ngày ấy tách làm hai, một nửa mang tên Bình Phước."],
        {
            "Sông Bé ngày ấy mênh mông, một nửa mang tên Bình Phước.": "own",
            "Bàu Sen ngày ấy tách làm hai, một nửa mang tên Bình Phước.": "own",
        },
    ),
    "route: a line of travel": (
        "route",
        ["Xe đò chạy tuyến đêm Bình Phước bị lật.", "Xe đò theo hướng tỉnh Bình Phước bị lật."],
        {"Xe đò mang biển Bình Phước bị lật.": "own", "Theo hướng xanh và sạch hơn nữa, Bình Phước tái chế.": "own"},
    ),
    "route: a verb of travel": (
        "route",
        ["Cả nhà lên Bình Phước thăm bạn.", "Cả nhà sang tỉnh Bình Phước thăm bạn."],
        {"Cả nhà khen Bình Phước mến khách.": "own", "Cả nhà lên núi, Bình Phước mưa.": "own"},
    ),
    "route: passing through": (
        "route",
        ["Xe tải di chuyển nhanh qua Bình Phước thì lật.", "Xe tải nổ lốp khi vào Bình Phước."],
        {"Mây đen tan nhanh qua Bình Phước thì lặng.": "own", "Xe tải đi qua núi và Bình Phước mưa.": "own"},
    ),
    "route: from here onwards": (
        "route",
        ["Gỗ từ Bình Phước về cảng mất sáu giờ.", "Gỗ (từ Bình Phước) đến cảng mất sáu giờ."],
        {"Gỗ từ Bình Phước bán rất chạy.": "own", "Gỗ của Bình Phước về cảng mất sáu giờ.": "own"},
    ),
    "route: by the roads": (
        "route",
        ["Xe chở hàng lăn qua những con đường ở Bình Phước."],
        {
            "Trẻ em vui trên những con đường ở Bình Phước.": "own",
            "Hàng lăn qua những con đường ở núi, Bình Phước vui.": "own",
        },
    ),
    "route: turned back": (
        "route",
        ["Khách đến Bình Phước thì quay lại."],
        {"Khách đến Bình Phước thì thấy vui.": "own", "Khách khen Bình Phước thì quay lại.": "own"},
    ),
    "route: a dash to a place of elsewhere": (
        "route",
        ["Hàng Tây Ninh - Bình Phước tăng giá.", "Hàng Bình Phước – Tây Ninh tăng giá."],
        {"Hàng Tây Ninh, Bình Phước tăng giá.": "own", "Hàng cầu Đồng Nai - Bình Phước tăng giá.": "own"},
    ),
    "route: a road and a dash": (
        "route",
        ["Cao tốc Mẫu Đơn - Bình Phước khởi công."],
        {
            "Cao tốc đoạn Mẫu Đơn - Bình Phước khởi công.": "own",
            "Cao tốc Bình Phước khởi công.": "own",
            "Lò gốm Mẫu Đơn - Bình Phước khởi công.": "own",
        },
    ),
    "company": (
        "company",
        ["Công ty Mẫu Đơn Bình Phước tuyển thợ.", "Ngân hàng Mẫu Đơn tỉnh Bình Phước tuyển thợ."],
        {
            "Công ty Mẫu Đơn tại Bình Phước tuyển thợ.": "own",
            "Công ty Mẫu Đơn ở huyện Bàu Sen Bình Phước tuyển thợ.": "own",
            "Lò gốm Mẫu Đơn Bình Phước tuyển thợ.": "own",
        },
    ),
    "company: a statement of it": (
        "own",
        ["Công ty Mẫu Đơn Bình Phước đạt sản lượng cao.", "Công ty Mẫu Đơn Bình Phước là nơi tuyển thợ."],
        {"Công ty Mẫu Đơn Bình Phước thuê kho xưởng.": "company"},
    ),
    "likened": (
        "likened",
        ["Cách làm tương tự mô hình ở Bình Phước.", "Cách làm giống hệt tại Bình Phước."],
        {"Cách làm theo mô hình ở Bình Phước.": "own", "Cách làm giống hệt ở Mẫu Đơn và Bình Phước.": "own"},
    ),
    "delegate: of the place's team": (
        "delegate",
        ["Đoàn Bình Phước diễu hành.", "Có hai đại biểu tỉnh Bình Phước dự."],
        {
            "Huyện đoàn Bình Phước diễu hành.": "own",
            "Tỉnh đoàn Bình Phước diễu hành.": "own",
            "Thành đoàn Bình Phước diễu hành.": "own",
            "Công đoàn Bình Phước diễu hành.": "own",
            "Đại biểu khen Bình Phước mến khách.": "own",
        },
    ),
    "delegate: what the team did": (
        "own",
        ["Đoàn Bình Phước giành hai huy chương."],
        {"Đoàn Bình Phước mang hai lá cờ.": "delegate", "Giáp Bình Phước giành đất là rừng.": "border"},
    ),
    "delegate: in brackets": (
        "delegate",
        ["HLV Mẫn (Bình Phước) góp ý.", "Có đại biểu góp ý (Bình Phước) về rừng."],
        {
            "Họa sĩ Mẫn (Bình Phước) góp ý.": "own",
            "HLV Mẫn (Bình Phước mến khách) góp ý.": "own",
            "HLV Mẫn (Bàu Sen, Bình Phước) góp ý.": "own",
        },
    ),
    "border": (
        "border",
        ["Bàu Sen giáp Bình Phước ở phía đông.", "Bàu Sen tiếp giáp với tỉnh Bình Phước."],
        {"Bàu Sen thuộc Bình Phước ở phía đông.": "own", "Bàu Sen giáp núi, Bình Phước giữ rừng.": "own"},
    ),
    "document": (
        "document",
        ["Thẻ do Công an tỉnh Bình Phước cấp năm ngoái."],
        {
            "Thẻ do Công an tỉnh Bình Phước thu năm ngoái.": "own",
            "Thẻ mà Công an tỉnh Bình Phước cấp năm ngoái.": "own",
            "Thẻ do Công an huyện Mẫu Đơn và Bình Phước cấp.": "own",
        },
    ),
}


@pytest.mark.parametrize("rule", ROLES)
def test_a_role_is_taken_and_refused(scene: PlaceScene, rule: str) -> None:
    role, takes, refuses = ROLES[rule]
    assert takes
    assert role not in refuses.values(), "the sentence refused has another role"
    for sentence, wanted in {**dict.fromkeys(takes, role), **refuses}.items():
        assert scene.hit(sentence).role == wanted, sentence


def test_a_role_of_the_title_is_no_caption(scene: PlaceScene) -> None:
    title = "Ảnh: Bình Phước mùa điều"
    assert scene.hit("", title=title).role == "own"
    assert scene.hit(title).role == "caption"
