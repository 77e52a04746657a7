"""Outlets: found by host, with the name that they had on a day."""

from datetime import date

from services.domain.outlet import Outlet, OutletDirectory

OLD = Outlet(
    id="bao-cu", name="Báo Cũ", hosts=["baocu.vn"], class_="press", valid_to=date(2025, 6, 30), successor="bao-moi"
)
NEW = Outlet(id="bao-moi", name="Báo Mới", hosts=["www.baomoi.example"], class_="press", valid_from=date(2025, 7, 1))
ENGLISH = Outlet(id="en", name="The Paper", hosts=["en.baomoi.example"], class_="mt_copy")
PORTAL = Outlet(id="cong", name="Cổng", hosts=["cong.gov.vn"], class_="official")
DIRECTORY = OutletDirectory([OLD, NEW, ENGLISH, PORTAL])


def _id(host: str, on: date | None = None) -> str | None:
    outlet = DIRECTORY.of_host(host, on)
    return outlet.id if outlet else None


def test_a_host_and_those_under_it() -> None:
    assert _id("baomoi.example") == _id("m.baomoi.example") == _id("kinhte.baomoi.example") == "bao-moi"
    assert _id("en.baomoi.example") == "en"
    assert _id("xa.cong.gov.vn") == "cong"


def test_a_host_that_nobody_registered_has_no_outlet() -> None:
    assert _id("la.vn") is None
    assert _id("vn") is None


def test_an_outlet_that_ended_leads_to_its_successor() -> None:
    assert _id("baocu.vn", date(2025, 6, 30)) == "bao-cu"
    assert _id("baocu.vn", date(2025, 7, 1)) == "bao-moi"
    assert _id("baocu.vn") == "bao-cu"


def test_the_holder_of_a_host_on_a_day() -> None:
    first = Outlet(id="a", name="A", hosts=["x.vn"], class_="press", valid_to=date(2019, 12, 31))
    second = Outlet(id="b", name="B", hosts=["x.vn"], class_="press", valid_from=date(2020, 1, 1))
    directory = OutletDirectory([first, second])
    found = {day: directory.of_host("x.vn", day) for day in (date(2019, 5, 1), date(2021, 5, 1), None)}
    assert [outlet.id if outlet else None for outlet in found.values()] == ["a", "b", "b"]


def test_successors_in_a_ring_end() -> None:
    one = Outlet(id="a", name="A", hosts=["a.vn"], class_="press", valid_to=date(2019, 1, 1), successor="b")
    two = Outlet(id="b", name="B", hosts=["b.vn"], class_="press", valid_to=date(2019, 1, 1), successor="a")
    assert OutletDirectory([one, two]).of_host("a.vn", date(2026, 1, 1)) is not None
