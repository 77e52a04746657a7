"""The place line of a card: dated names and dated belonging."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from services import resources
from services.alerter.card import place_name
from services.alerter.clipping import clip
from services.domain.place import Nearness
from services.domain.place.register import PlaceRegister
from services.rulebook.load import load
from tests.alerter.office import START, article, rulebook


@pytest.fixture(scope="module")
def places() -> PlaceRegister:
    return load(resources.config_dir(), samples=False).places


@pytest.mark.parametrize(
    ("day", "near", "line"),
    [
        # Left the district in 2015; what a text names beside it does not bring it back.
        ("2026-11-24", ("xa-phu-rieng", "bu-gia-map", "binh-phuoc"), "Xã Phú Riềng · Tỉnh Bình Phước (cũ)"),
        ("2014-05-01", ("xa-phu-rieng", "bu-gia-map", "binh-phuoc"), "Xã Phú Riềng · Huyện Bù Gia Mập"),
        # In it until it ended: still shown under it.
        ("2026-11-24", ("xa-dak-o", "bu-gia-map", "binh-phuoc"), "Xã Đăk Ơ · Huyện Bù Gia Mập (cũ)"),
        ("2024-11-24", ("xa-dak-o", "bu-gia-map", "binh-phuoc"), "Xã Đăk Ơ · Huyện Bù Gia Mập"),
    ],
)
def test_a_place_is_shown_under_what_it_belonged_to(
    places: PlaceRegister, day: str, near: tuple[str, ...], line: str
) -> None:
    about: dict[str, Nearness] = dict.fromkeys(near, "about")
    at = datetime.fromisoformat(day).replace(tzinfo=UTC)
    assert place_name(clip(article(1, places=about, published_at=at), rulebook(), START), places) == line
