"""Language: what can be seen before what must be guessed."""

import subprocess
import sys

import pytest

from services.domain.article import tokens_of
from services.domain.language import detect


def language(title: str, text: str = "", declared: str | None = None) -> str:
    return detect(tokens_of(title, "", text), declared)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Xã Bù Gia Mập khánh thành nhà văn hóa", "vi"),
        ("Xa Bu Gia Map khanh thanh nha van hoa moi cho dong bao", "vi"),
        ("Six people died when a fuel truck caught fire in Binh Phuoc on Thursday", "en"),
        ("Police in Bình Phước arrest four men over a robbery at a cashew warehouse", "en"),
        ("La province de Binh Phuoc attire de nouveaux investisseurs étrangers cette année", "fr"),
        ("Die Provinz Binh Phuoc wirbt um neue Investoren aus dem Ausland", "de"),
        ("La provincia de Binh Phuoc atrae a nuevos inversores extranjeros este año", "es"),
        ("平福省吸引外国投资者", "zh"),
        ("ビンフオック省は外国投資を誘致する", "ja"),
        ("빈프억성, 외국인 투자 유치", "ko"),
        ("จังหวัดบิ่ญเฟื้อกดึงดูดนักลงทุน", "th"),
        ("ខេត្តប៊ិញភឿក ទាក់ទាញអ្នកវិនិយោគ", "km"),
        ("ແຂວງບິງເຟືອກດຶງດູດນັກລົງທຶນ", "lo"),
        ("Провинция Биньфыок привлекает иностранных инвесторов", "ru"),
    ],
)
def test_by_what_is_written(text: str, expected: str) -> None:
    assert language(text) == expected
    assert language("", text) == expected


def test_a_wrong_declaration_does_not_win() -> None:
    assert language("Dong Nai City opens a new industrial park for foreign investors", declared="vi") == "en"
    assert language("Thành phố Đồng Nai mở khu công nghiệp mới", declared="en") == "vi"
    assert language("平福省吸引外国投资者", declared="vi") == "zh"


def test_a_name_inside_a_foreign_script_does_not_hide_it() -> None:
    assert language("Bù Gia Mập 国家公园发现新物种，专家表示欢迎") == "zh"


@pytest.mark.parametrize(
    ("declared", "expected"), [("vi-VN", "vi"), ("EN", "en"), (None, "vi"), ("", "vi"), ("x", "vi")]
)
def test_nothing_to_tell_by(declared: str | None, expected: str) -> None:
    assert language("", declared=declared) == expected
    assert language("2026 - 741 - 13", declared=declared) == expected


def test_a_short_title_without_marks_follows_its_declaration() -> None:
    assert language("Tin moi", declared="vi") == "vi"
    assert language("Chay lon o cho Dong Xoai", declared="vi-VN") == "vi"


def test_vietnamese_never_loads_the_model() -> None:
    program = (
        "import sys; from services.domain.article import tokens_of; from services.domain.language import detect; "
        "assert detect(tokens_of('Tin mới ở xã', '', ''), 'vi') == 'vi'; assert 'py3langid' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", program], check=True)
