"""Outlets: who publishes, of which class, from when to when."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date

from services.domain.address import site_of
from services.domain.article import SourceClass
from services.domain.record import Record


class Outlet(Record, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A newspaper, broadcaster, agency or portal. Its address is a newsroom's, never a reporter's."""

    id: str
    name: str
    hosts: list[str]
    class_: SourceClass
    language: str = "vi"
    country: str = "VN"
    valid_from: date | None = None
    valid_to: date | None = None
    successor: str | None = None
    newsroom: str = ""
    note: str = ""
    verified: bool = False


class OutletDirectory:
    """Finds the outlet of a host, with the name and class that it had on a day."""

    def __init__(self, outlets: Iterable[Outlet]) -> None:
        self.by_id: dict[str, Outlet] = {outlet.id: outlet for outlet in outlets}
        self._by_host: dict[str, list[Outlet]] = {}
        for outlet in self.by_id.values():
            for host in outlet.hosts:
                self._by_host.setdefault(site_of(host), []).append(outlet)

    def of_host(self, host: str, on: date | None = None) -> Outlet | None:
        """The outlet of this host, or of the nearest domain above it; None where nobody registered one.

        `on` chooses among outlets that held the host in turn, and leads from one that had ended to its successor.
        """
        labels = site_of(host).split(".")
        for start in range(len(labels) - 1):
            if holders := self._by_host.get(".".join(labels[start:])):
                return self._valid(holders, on)
        return None

    def _valid(self, holders: list[Outlet], on: date | None) -> Outlet:
        latest = max(holders, key=lambda outlet: (outlet.valid_to or date.max, outlet.valid_from or date.min))
        if on is None:
            return latest
        for outlet in holders:
            if (outlet.valid_from or date.min) <= on <= (outlet.valid_to or date.max):
                return outlet
        return self._successor(latest, on) if on > (latest.valid_to or date.max) else latest

    def _successor(self, outlet: Outlet, on: date) -> Outlet:
        seen = {outlet.id}
        while outlet.successor in self.by_id and outlet.valid_to and on > outlet.valid_to:
            following = self.by_id[outlet.successor]
            if following.id in seen:
                break
            seen.add(following.id)
            outlet = following
        return outlet
