"""The language of an article, ISO 639-1.

What can be seen is not guessed: scripts first, then Vietnamese by its marks, then Vietnamese typed without marks by
the shape of its syllables. Only the rest goes to py3langid, with the declared language as the tie-breaker: feeds
declare wrongly (an English feed of dongnai.gov.vn says "vi").
"""

from __future__ import annotations

import re
from collections import Counter
from functools import cache
from typing import Any

from services.domain.article import FIELDS, Fields

# Loading every language of the model invites "la" and "eo" on short titles.
_LATIN = ("en", "fr", "de", "es", "pt", "it", "nl", "id", "ms", "vi")
_SCRIPTS = {
    "th": re.compile("[\u0e00-\u0e7f]"),
    "lo": re.compile("[\u0e80-\u0eff]"),
    "km": re.compile("[\u1780-\u17ff]"),
    "ko": re.compile("[\uac00-\ud7af\u1100-\u11ff]"),
    "ja": re.compile("[\u3040-\u30ff]"),
    "zh": re.compile("[\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff]"),
    "ru": re.compile("[\u0400-\u04ff]"),
}
_OTHER_LETTER = re.compile(r"[^\W\d_]")
_SAMPLE = 2000
# One character of these scripts weighs about as much as three Latin letters.
_SCRIPT_SHARE = 0.2
_KANA_SHARE = 0.1
# Only Vietnamese marks: "é" and "ç" are other languages' too.
_VIETNAMESE = re.compile("[ăđơưĂĐƠƯ\u1ea0-\u1ef9]")
_VIETNAMESE_SHARE = 0.3
_SYLLABLE = re.compile(
    r"(?:ngh|ng|nh|ch|gh|gi|kh|ph|qu|th|tr|[bcdghklmnprstvx])?"
    r"(?:[aeiouy]|ai|ao|au|ay|eo|eu|ia|ie|iu|oa|oe|oi|oo|ua|ue|ui|uo|uu|uy|ye|ieu|yeu|oai|oay|uay|uoi|uou|uya|uye|uyu|uai|oao)"
    r"(?:ch|ng|nh|[cmnpt])?"
)
# Words as common in English, French and their kin as they are well-formed Vietnamese syllables.
_FOREIGN_WORDS = """
    a an as at au but by can de du en est for had has her his in is it la le les me my not of on se so te
    than that the them then this to un une with was are we you he she be
"""
_FOREIGN = frozenset(_FOREIGN_WORDS.split())
_SYLLABLES = 0.9
_SYLLABLES_DECLARED = 0.75
_FOREIGN_MOST = 0.12
_FEWEST = 4
_SURE = 0.75


def detect(fields: Fields, declared: str | None) -> str:
    """The language of the article; the declared one, or Vietnamese, where nothing can be told."""
    prior = _code(declared)
    sample = " ".join(fields[field].source for field in FIELDS)[:_SAMPLE]
    script = _script(sample)
    if script:
        return script
    tokens = [token for field in FIELDS for token in fields[field].marked[:400]]
    letters = [token for token in tokens if not token[0].isdigit()]
    if letters and sum(bool(_VIETNAMESE.search(token)) for token in letters) >= _VIETNAMESE_SHARE * len(letters):
        return "vi"
    if _reads_as_vietnamese([token for token in letters if token.isascii()], prior):
        return "vi"
    if not letters:
        return prior or "vi"
    language, sureness = _identify(sample)
    if prior and prior != language and sureness < _SURE:
        return prior
    return language


def _code(declared: str | None) -> str | None:
    """ "vi-VN" and "VI" are vi; what is no two-letter code is no prior."""
    code = re.split(r"[-_]", declared.strip().lower())[0] if declared else ""
    return code if len(code) == 2 and code.isalpha() else None


def _script(sample: str) -> str | None:
    counts = Counter({language: len(script.findall(sample)) for language, script in _SCRIPTS.items()})
    letters = len(_OTHER_LETTER.findall(sample))
    language, most = counts.most_common(1)[0]
    if not most or most < _SCRIPT_SHARE * letters:
        return None
    if language in ("zh", "ja"):
        return "ja" if counts["ja"] >= _KANA_SHARE * (counts["ja"] + counts["zh"]) else "zh"
    return language


def _reads_as_vietnamese(tokens: list[str], prior: str | None) -> bool:
    if len(tokens) < _FEWEST:
        return prior == "vi" and bool(tokens) and all(_SYLLABLE.fullmatch(token) for token in tokens)
    shaped = sum(bool(_SYLLABLE.fullmatch(token)) for token in tokens) / len(tokens)
    foreign = sum(token in _FOREIGN for token in tokens) / len(tokens)
    return foreign < _FOREIGN_MOST and shaped >= (_SYLLABLES_DECLARED if prior == "vi" else _SYLLABLES)


@cache
def _identifier() -> Any:
    """Loaded at the first foreign text: 30 MB and a tenth of a second that a run without one never pays."""
    from py3langid.langid import MODEL_FILE, LanguageIdentifier

    identifier = LanguageIdentifier.from_model_file(MODEL_FILE, norm_probs=True)
    identifier.set_languages(_LATIN)
    return identifier


def _identify(sample: str) -> tuple[str, float]:
    language, sureness = _identifier().classify(sample)
    return str(language), float(sureness)
