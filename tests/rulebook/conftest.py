"""A small valid configuration that tests bend: fast to load, and all of it visible here."""

from collections.abc import Callable
from pathlib import Path

import pytest

from services.rulebook.errors import ConfigErrors
from services.rulebook.load import load

SMALL = {
    "diembao.yaml": "office: {name: Văn phòng thử}\n",
    "places.yaml": """\
- id: tinh-mau
  watched: true
  names:
    - {text: Mẫu Phước, kind: tỉnh}
  unmistakable: true
""",
    "topics.yaml": """\
topics:
  - id: rung
    name: Rừng
    strong: [phá rừng]
""",
    "outlets.yaml": """\
- {id: bao-mau, name: Báo Mẫu, hosts: [baomau.example.vn], class: press}
""",
    "feeds.yaml": """\
- id: bao-mau-moi
  url: https://baomau.example.vn/rss/home.rss
  outlet: bao-mau
""",
    "facts.yaml": "[]\n",
    "people.yaml": "people: []\n",
    "watches.yaml": """\
- id: mau
  name: Tỉnh Mẫu Phước
  query: place:tinh-mau
  recipients: [leadership]
""",
    "lexicon/vi.yaml": "language: vi\npositive: {strong: [khen thưởng]}\n",
}

FACT = """\
- id: dien-tich
  subject: tinh-mau
  attribute: diện tích
  value: "1.234,5"
  unit: km²
  words: [diện tích]
  source: {title: Nghị quyết mẫu, number: 1/NQ, date: 2025-06-12}
  status: verified
  entered_by: thử
  entered_on: 2026-11-01
"""

Write = Callable[..., Path]


@pytest.fixture
def write(tmp_path: Path) -> Write:
    """Write the small configuration with some files replaced, named without .yaml; None leaves a file out."""

    def written(**files: str | None) -> Path:
        texts: dict[str, str | None] = {**SMALL, **{f"{name}.yaml": text for name, text in files.items()}}
        for name, text in texts.items():
            if text is not None:
                path = tmp_path / name
                path.parent.mkdir(exist_ok=True)
                path.write_text(text, encoding="utf-8")
        return tmp_path

    return written


@pytest.fixture
def errors(write: Write) -> Callable[..., list[str]]:
    """The error lines of the small configuration with some files replaced."""

    def found(**files: str | None) -> list[str]:
        folder = write(**files)
        try:
            load(folder)
        except ConfigErrors as refused:
            return str(refused).splitlines()
        return []

    return found
