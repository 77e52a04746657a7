"""The rules in force in one process: they follow the configuration folder and what the ledger holds as accepted.

A folder is taken when its content changed and stood still for two looks; watches.yaml waits for its proof. What other
services or commands accepted is compiled from the texts in the ledger, so that all run one version.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

from services.ports.clock import Clock
from services.ports.errors import Conflict
from services.ports.ledger import Ledger
from services.rulebook import proof
from services.rulebook.accepted import (
    WATCHES,
    Current,
    accept,
    accepted_set,
    current_version,
    hash_of,
    history,
)
from services.rulebook.book import Rulebook
from services.rulebook.errors import ConfigError, ConfigErrors
from services.rulebook.folder import texts_in
from services.rulebook.load import SETTINGS, load, load_texts, version_of
from services.rulebook.pending import State, clear_pending, words_of
from services.rulebook.records import Records

LOOK_SECONDS = 1.0
"""How often `refresh` is to be called. Two looks, a compilation (measured: 0.6 s) and another service's own look and
compilation stay under 5 s together."""
YOUNG = timedelta(days=7)
"""With less of an archive than this a back-test says nothing."""


def _nothing() -> None:
    """For whoever has no settings to check."""


class LiveRules:
    """`rules()` is the snapshot in force, for any thread; `start` once, then `refresh` from one thread.

    `by`: login of the account that runs the service, whose name is `service`; `say`: one line for the operator;
    `check_settings` raises ConfigErrors for what is wrong in diembao.yaml, whose reader stands above this room.
    """

    def __init__(
        self,
        config_dir: Path,
        ledger: Ledger,
        clock: Clock,
        by: str,
        say: Callable[[str], None],
        check_settings: Callable[[], object] = _nothing,
        *,
        service: str,
    ) -> None:
        self._folder, self._ledger, self._clock, self._by = config_dir, ledger, clock, by
        self._say, self._check_settings = say, check_settings
        self._records = Records(ledger, config_dir, clock, service)
        self._rules: Rulebook | None = None
        self._look = self._done = self._unread = self._settings = ""
        self._offered = ""
        """The watches.yaml that waits."""

    def __call__(self) -> Rulebook:
        if self._rules is None:
            raise RuntimeError("LiveRules.start has not been called")
        return self._rules

    def start(self) -> Rulebook:
        """The rules to begin with. Raises ConfigErrors at the first start of an installation, Unavailable.

        Later a bad folder does not keep a service from starting: the accepted version runs, and the errors are told.
        """
        texts = texts_in(self._folder)
        content = self._look = version_of(texts)
        self._settings = hash_of(texts[SETTINGS])
        self._begin()
        if self._is_superseded(content):
            self._say(
                f"Thư mục {self._folder} giữ bản cũ {content}; đang dùng bản {self().version} theo sổ. Muốn quay lại: "
                f"`diembao config rollback {content}` / the folder holds an earlier version, the accepted one runs"
            )
            self._done = content
            self._records.forget()
        else:
            with contextlib.suppress(Conflict):  # another service was first: the first look follows it
                self._take(content)
        self._records.began(self._settings)
        return self()

    def refresh(self) -> None:
        """Look once at the ledger and at the folder. To be called every LOOK_SECONDS. Raises Unavailable."""
        try:
            current = current_version(self._ledger)
            if current is not None and current.version not in (self().version, self._unread):
                self._follow(current)
            content = version_of(texts_in(self._folder))
            if content != self._look:
                self._look = content  # perhaps half written: taken when the next look finds the same
            elif content != self._done or self._is_proven():
                self._take(content)
            self._keep_pending()
        except Conflict:
            return  # another service was first: the next look follows it

    def _begin(self) -> None:
        """The accepted version; the folder at the first start, or where this program cannot read what was accepted."""
        current = current_version(self._ledger)
        if current is not None and self._follow(current):
            return
        before = current.version if current is not None else ""
        note = f"bản {before} không đọc được bằng phiên bản chương trình này" if before else "khởi động lần đầu"
        rules = load(self._folder)
        try:
            accept(self._ledger, rules, self._by, self._clock.now(), note=note, basis=before)
            self._rules = rules
        except Conflict:
            self._begin()  # another service started at the same moment

    def _follow(self, current: Current) -> bool:
        """Whether the accepted version, which another service or a command chose, runs here now."""
        kept = accepted_set(self._ledger, current.version)
        if kept is None:
            return False
        try:
            rules = load_texts(kept.texts, samples=False)
        except ConfigErrors as errors:
            self._unread = current.version
            self._wait(current.version, "unread", sorted(kept.texts), errors)
            return False
        known = self._rules is not None
        self._rules = rules
        if self._records.pending is not None and self._records.pending.state == "unread":
            self._records.forget()
        if known:
            self._say(f"Cấu hình: từ đây dùng bản {rules.version} ({kept.note or 'đã sửa'}; {kept.by}).")
        return True

    def _take(self, content: str) -> None:
        """Put what the folder holds into force, or say why it waits. Raises Conflict: somebody was first."""
        running = self()
        if content == running.version:
            self._settle(content)
            return
        try:
            offered = self._read()
        except ConfigErrors as errors:
            if version_of(texts_in(self._folder)) == content:
                self._wait(content, "bad", self._differing(), errors)
            return
        if offered.version != content:
            return  # it changed while it was read
        note, by = self._permission(offered, running)
        if note is not None:
            self._accept(offered, note, by)
            self._settle(content)
        else:
            self._offered = offered.texts[WATCHES]
            self._take_the_rest(content, offered, running)

    def _read(self) -> Rulebook:
        """The folder whole, diembao.yaml too. Raises ConfigErrors with everything that is wrong."""
        errors: list[ConfigError] = []
        try:
            self._check_settings()
        except ConfigErrors as found:
            errors += found.errors
        try:
            rules = load(self._folder)
        except ConfigErrors as found:
            raise ConfigErrors(errors + found.errors) from found
        if errors:
            raise ConfigErrors(errors)
        return rules

    def _take_the_rest(self, content: str, offered: Rulebook, running: Rulebook) -> None:
        """The new files with the watches that run: valid together, or all of them wait."""
        differing = [name for name in offered.texts if offered.texts[name] != running.texts.get(name)]
        texts = {**offered.texts, WATCHES: running.texts[WATCHES]}
        if version_of(texts) != running.version:
            try:
                rest = load_texts(texts)
            except ConfigErrors as errors:
                self._wait(content, "unfit", differing, errors)
                return
            self._accept(rest, "không kể watches.yaml, còn chờ thử", self._by)
        self._wait(content, "untested", [WATCHES])

    def _permission(self, offered: Rulebook, running: Rulebook) -> tuple[str | None, str]:
        """(the note of the version, who stands for it), or (None, ...) where the watches must wait."""
        text = offered.texts[WATCHES]
        if text == running.texts.get(WATCHES):
            return "", self._by
        last = proof.proofs_of(self._ledger, text).last
        if last is not None:
            return proof.words_of(last), last.by
        first = min((one.at for one in history(self._ledger)), default=self._clock.now())
        if self._clock.now() - first < YOUNG:
            return f"watches.yaml chưa thử: kho chưa đủ {YOUNG.days} ngày", self._by
        return None, ""

    def _accept(self, rules: Rulebook, note: str, by: str) -> None:
        # On the basis of what runs here: what was compiled leans on its watches.
        taken = accept(self._ledger, rules, by, self._clock.now(), note=note, basis=self().version)
        self._rules = rules
        clear_pending(self._ledger)
        if taken.changed:
            said = f" ({note})" if note else ""
            self._say(f"Cấu hình đã đổi ({', '.join(taken.changed)}): từ đây dùng bản {taken.version}{said}.")

    def _settle(self, content: str) -> None:
        """All of this folder is in force."""
        self._records.forget()
        self._saw(content, taken=True)

    def _wait(self, content: str, state: State, files: list[str], errors: ConfigErrors | None = None) -> None:
        said = [str(error) for error in errors.errors] if errors is not None else []
        pending = self._records.wait(content, state, files, said)
        for line in (f"CẤU HÌNH ĐANG CHỜ: {words_of(pending)}", *pending.errors):
            self._say(line)
        if state != "unread":
            self._saw(content, taken=False)

    def _keep_pending(self) -> None:
        """The record in the ledger stands as long as the folder waits; it goes when its watches run after all."""
        held = self._records.pending
        if held is not None and held.state == "untested" and self._offered == self().texts[WATCHES]:
            self._settle(held.content)
        self._records.keep()

    def _is_proven(self) -> bool:
        """Whether what waited for its back-test has it now."""
        held = self._records.pending
        if held is None or held.state not in ("untested", "unfit"):
            return False
        if self._offered == self().texts[WATCHES]:
            return held.state == "unfit"  # put into force by a command; the other files are still to be taken
        return proof.proofs_of(self._ledger, self._offered).last is not None

    def _is_superseded(self, content: str) -> bool:
        """Whether this folder was taken before and another version came after it: to go back is a decision."""
        return content != self().version and self._records.took_before(content)

    def _saw(self, content: str, *, taken: bool) -> None:
        self._done = content
        self._records.saw(content, taken=taken)
        if hash_of(texts_in(self._folder)[SETTINGS]) != self._settings:
            self._say(f"{SETTINGS} đã đổi: khởi động lại để nhận / {SETTINGS} changed: takes effect at restart")

    def _differing(self) -> list[str]:
        texts, running = texts_in(self._folder), self().texts
        return sorted(name for name in texts.keys() | running.keys() if texts.get(name) != running.get(name))
