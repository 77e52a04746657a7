"""Ticked articles as samples in watches.yaml: nothing else of the file changes."""

from __future__ import annotations

from datetime import UTC, datetime

from services import resources
from services.desk.backtest.samples import Ticked, sample_of, with_samples
from services.domain.article import Article
from services.rulebook.load import load_texts
from tests.rulebook.conftest import SMALL

NOW = datetime(2026, 11, 23, tzinfo=UTC)
WATCHES = """\
# Điều kiện của văn phòng: "giữ" mọi dòng này.
- id: mau   # tỉnh
  name: "Tỉnh Mẫu Phước"
  query: 'place:tinh-mau -"xổ số"'
  recipients: [leadership, analyst]   # ai nhận
  match:
    - |
      Tỉnh Mẫu Phước họp
      Bàn việc trồng rừng.

# điều kiện thứ hai
- id: rung
  name: Rừng
  query: >-
    topic:rung
    place:tinh-mau
  recipients:
    - leadership
"""


def article(title: str = "Mẫu Phước: lũ về", text: str = "Tỉnh Mẫu Phước có lũ.\n\n Người dân  chạy lũ.") -> Article:
    return Article(
        article_id="a", title=title, lead="Lũ về", text=text, first_seen=NOW, seen_at=NOW, source_class="press"
    )


def test_samples_are_added_and_comments_order_and_quotes_stay() -> None:
    ticked = [
        Ticked("mau", "match", sample_of(article())),
        Ticked("mau", "refuse", sample_of(article('Xổ số: "Mẫu Phước"', "Kết quả xổ số - # không phải chú thích"))),
        Ticked("rung", "match", sample_of(article("Phá rừng ở Mẫu Phước"))),
    ]
    text = with_samples(WATCHES, ticked)
    left = [" ".join(line.split()) for line in text.splitlines()]
    for line in WATCHES.splitlines():
        if line.strip() and not line.lstrip().startswith(("topic:rung", "place:tinh-mau", "query: >-", "- leadership")):
            assert " ".join(line.split()) in left, line
    rules = load_texts({**SMALL, "watches.yaml": text}, samples=False)
    assert rules.watches["mau"].watch.match[1] == "Mẫu Phước: lũ về\nLũ về\nTỉnh Mẫu Phước có lũ.\nNgười dân chạy lũ.\n"
    assert rules.watches["mau"].watch.refuse == [ticked[1].sample]
    assert rules.watches["rung"].watch.match == [ticked[2].sample]
    assert with_samples(text, ticked) == text


def test_the_shipped_file_keeps_its_shape() -> None:
    shipped = (resources.config_dir() / "watches.yaml").read_text(encoding="utf-8")
    added = with_samples(shipped, [Ticked("rung", "match", sample_of(article("Phá rừng ở Bù Gia Mập")))])
    lines = added.splitlines()
    assert [line for line in shipped.splitlines() if line.strip() and line not in lines] == []
    assert len(lines) - len(shipped.splitlines()) <= 6


def test_a_long_article_is_cut_at_a_word_and_kept_whole_when_asked() -> None:
    long = article(text="tỉnh Mẫu Phước " * 400)
    assert len(sample_of(long)) < 1300
    assert sample_of(long).endswith(" …\n")
    assert len(sample_of(long, whole=True)) > 5000


def test_a_list_written_on_one_line_takes_samples_too() -> None:
    text = with_samples(
        WATCHES.replace(
            "  match:\n    - |\n      Tỉnh Mẫu Phước họp\n      Bàn việc trồng rừng.\n",
            '  match: ["Tỉnh Mẫu Phước họp\\nBàn việc"]\n',
        ),
        [Ticked("mau", "match", sample_of(article()))],
    )
    rules = load_texts({**SMALL, "watches.yaml": text}, samples=False)
    assert rules.watches["mau"].watch.match == ["Tỉnh Mẫu Phước họp\nBàn việc", sample_of(article())]
