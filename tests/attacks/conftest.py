"""The same press, rules and extractor as the collector's tests."""

from tests.collector.conftest import extractor, press, rules

__all__ = ["extractor", "press", "rules"]
