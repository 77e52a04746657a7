"""Articles that a person ticked right or wrong, written into watches.yaml as the samples of their watch.

The file is changed through ruamel's round trip: comments, order and quotes stay as the operator wrote them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from io import StringIO
from typing import Any, Literal

from ruamel.yaml import YAML
from ruamel.yaml.scalarstring import LiteralScalarString

from services.domain.article import Article

_LONGEST = 1200
"""Characters of a sample's text: what decides stands in the beginning nearly always, and the file is for people."""


@dataclass(frozen=True, slots=True)
class Ticked:
    """What a person said of one article: `match`: this watch must catch it; `refuse`: it must not."""

    watch: str
    key: Literal["match", "refuse"]
    sample: str


def sample_of(article: Article, whole: bool = False) -> str:
    """The article as a sample: the first line is the title, the rest lead and text; cut unless `whole`."""
    title = " ".join(article.title.split())
    body = [" ".join(line.split()) for part in (article.lead, article.text) for line in part.splitlines()]
    text = "\n".join(line for line in body if line)
    if not whole and len(text) > _LONGEST:
        text = text[:_LONGEST].rsplit(" ", 1)[0] + " …"
    return f"{title}\n{text}\n"


def with_samples(watches: str, ticked: Sequence[Ticked]) -> str:
    """The text of watches.yaml with these samples added. Raises ValueError where it would say anything else."""
    yaml = YAML()
    yaml.preserve_quotes = True
    yaml.width = 1 << 20
    yaml.indent(mapping=2, sequence=4, offset=2)
    root = yaml.load(watches)
    listed = root["watches"] if isinstance(root, dict) else root
    by_id = {str(one["id"]): one for one in listed}
    for one in ticked:
        samples = by_id[one.watch].setdefault(one.key, [])
        if one.sample not in list(samples):
            samples.append(LiteralScalarString(one.sample))
    out = StringIO()
    yaml.dump(root, out)
    text = _as_deep_as_before(out.getvalue(), watches)
    _require_only_samples(watches, text, ticked)
    return text


def _as_deep_as_before(text: str, before: str) -> str:
    """ruamel indents every list alike; a file whose own list begins at the margin keeps it there."""
    at_margin = any(line.startswith("- ") for line in before.splitlines())
    if not at_margin or any(line.startswith("- ") for line in text.splitlines()):
        return text
    return "".join(line.removeprefix("  ") for line in text.splitlines(keepends=True))


def _require_only_samples(before: str, after: str, ticked: Sequence[Ticked]) -> None:
    expected, found = _plain(before), _plain(after)
    for one in ticked:
        samples = next(watch for watch in expected if watch["id"] == one.watch).setdefault(one.key, [])
        if one.sample not in samples:
            samples.append(one.sample)
    if expected != found:
        raise ValueError("không ghi được mẫu mà giữ nguyên tệp; hãy chép tay / the samples cannot be added safely")


def _plain(text: str) -> list[dict[str, Any]]:
    root = YAML(typ="safe", pure=True).load(text)
    return list(root["watches"] if isinstance(root, dict) else root)
