"""Article text with newspaper4k, for who prefers it (`extractor: newspaper`); the rest is as with trafilatura."""

from __future__ import annotations

import re
from importlib.util import find_spec

from services.adapters.trafilatura_extractor import TrafilaturaExtractor
from services.ports.errors import Unavailable


class NewspaperExtractor(TrafilaturaExtractor):
    """Raises Unavailable where the extra `newspaper` is not installed."""

    library = "newspaper"

    def __init__(self, *, deadline_seconds: float = 20.0, tasks_each: int = 300) -> None:
        if find_spec(self.library) is None:
            raise Unavailable(
                "chưa cài newspaper4k: pip install 'diembao[newspaper]', hoặc đặt extractor: trafilatura "
                "/ newspaper4k is not installed"
            )
        super().__init__(deadline_seconds=deadline_seconds, tasks_each=tasks_each)


def page_text(html: str, url: str) -> str:
    """The paragraphs of the article, one a line. Without `fetch_images=False` parsing would go to the network."""
    import newspaper

    # A stated language keeps it from the page's own, which for ja, ko, ar and hi needs further packages.
    language = "en" if re.search(r'<html[^>]{0,200}lang="en', html[:2000], re.IGNORECASE) else "vi"
    article = newspaper.Article(url, language=language, fetch_images=False, disable_category_cache=True)
    article.download(input_html=html)
    article.parse()
    return str(article.text or "")
