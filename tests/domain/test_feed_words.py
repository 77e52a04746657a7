"""Every state of a feed has words, and what to do about it."""

from __future__ import annotations

from typing import get_args

from services.domain.feed import FeedState
from services.domain.feed.words import ADVICE, STATES


def test_each_state_has_words_and_advice() -> None:
    assert set(STATES) == set(ADVICE) == set(get_args(FeedState))
    assert all(STATES.values())
    assert [state for state, advice in ADVICE.items() if not advice.endswith(".")] == ["ok"], "nothing to do when read"
