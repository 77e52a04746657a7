"""The rules in force in one process: they follow the configuration folder and what the ledger holds as accepted.

A folder is taken when its content changed and stood still for two looks; watches.yaml waits for its proof. What other
services or commands accepted is compiled from the texts in the ledger, so that all run one version.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Mapping
from datetime import timedelta
from pathlib import Path
from shlex import quote

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
from services.rulebook.merge import agreed, merge
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
        self._offered = self._against = ""
        """The watches.yaml that waits, and the version that ran when something was last found to wait."""

    def __call__(self) -> Rulebook:
        if self._rules is None:
            raise RuntimeError("LiveRules.start has not been called")
        return self._rules

    def start(self) -> Rulebook:
        """The rules to begin with. Raises ConfigErrors at the first start of an installation, Unavailable.

        Later no folder keeps a service from starting: the accepted version runs, and the errors are told.
        """
        texts = texts_in(self._folder)
        content = self._look = version_of(texts)
        self._settings = hash_of(texts[SETTINGS])
        self._begin()
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
            if content not in (self._look, self().version):
                self._look = content  # perhaps half written: taken when the next look finds the same
            elif content != self._done or self._may_go_on():
                self._take(content)
            self._records.keep()
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
        """Put what was changed in the folder into force, or say why it waits. Raises Conflict: somebody was first."""
        running, here = self(), texts_in(self._folder)
        if version_of(here) != content:
            return  # it changed since the look
        before = self._records.before(here, running.texts)
        merged = merge(here, before, running.texts)
        if merged.texts == running.texts:
            self._settle(content, here, merged.left)
            return
        changed = [name for name in _differing(here, running.texts) if name not in merged.left]
        waits = agreed(here, before, running.texts)
        try:
            offered = self._read()
            if offered.version != content:
                return  # it changed while it was read
        except ConfigErrors as errors:
            self._wait(content, "bad", changed, errors, files=waits)
            return
        if merged.crossed:
            self._wait(content, "crossed", merged.crossed, files=waits)
            return
        try:
            rules = load_texts(merged.texts) if merged.left else offered
        except ConfigErrors as errors:
            self._wait(content, "crossed", changed, errors, files=waits)
            return
        note, by = self._permission(rules, running)
        if note is not None:
            self._accept(rules, note, by)
            self._settle(content, here, merged.left)
        else:
            self._offered = rules.texts[WATCHES]
            self._take_the_rest(content, here, before, rules)

    def _read(self) -> Rulebook:
        """The folder whole, diembao.yaml too. Raises ConfigErrors with everything that is wrong."""
        try:
            return self._valid()
        except ConfigErrors:
            raise
        except Exception as error:  # a folder that nobody thought of stops no service
            said = f"{type(error).__name__}: {error}".encode(errors="backslashreplace").decode()[:200]
            wrong = ConfigError(str(self._folder), 1, 1, "chương trình không đọc được thư mục này", said)
            raise ConfigErrors([wrong]) from error

    def _valid(self) -> Rulebook:
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

    def _take_the_rest(
        self, content: str, here: Mapping[str, str], before: Mapping[str, str], offered: Rulebook
    ) -> None:
        """The new files with the watches that run: valid together, or all of them wait."""
        running = self()
        texts = {**offered.texts, WATCHES: running.texts[WATCHES]}
        if version_of(texts) != running.version:
            try:
                rest = load_texts(texts)
            except ConfigErrors as errors:
                differing = _differing(offered.texts, running.texts)
                self._wait(content, "unfit", differing, errors, files=agreed(here, before, running.texts))
                return
            self._accept(rest, "không kể watches.yaml, còn chờ thử", self._by)
        self._wait(content, "untested", [WATCHES], files=agreed(here, before, self().texts))

    def _permission(self, offered: Rulebook, running: Rulebook) -> tuple[str | None, str]:
        """(the note of the version, who stands for it), or (None, ...) where the watches must wait."""
        text = offered.texts[WATCHES]
        if text == running.texts.get(WATCHES):
            return "", self._by
        last = proof.proofs_of(self._ledger, text).last
        if last is not None:
            # Who tried the watches stands for nothing that was saved beside them.
            alone = {**running.texts, WATCHES: text} == offered.texts
            return proof.words_of(last), last.by if alone else self._by
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

    def _settle(self, content: str, here: Mapping[str, str], left: list[str]) -> None:
        """All that was changed in this folder is in force."""
        self._records.forget()
        self._saw(content, {name: hash_of(text) for name, text in here.items()}, taken=True)
        left = [name for name in left if name != SETTINGS]  # which may differ from machine to machine
        if left:
            version = self().version
            self._say(
                f"Thư mục {self._folder} giữ bản cũ của {', '.join(left)}; đang dùng bản {version} theo sổ. Lấy bản ấy "
                f"về: `diembao config rollback {version} --config {quote(str(self._folder))} --reason 'LÝ DO'` "
                "/ older files here are left as they run"
            )

    def _wait(
        self,
        content: str,
        state: State,
        names: list[str],
        errors: ConfigErrors | None = None,
        files: dict[str, str] | None = None,
    ) -> None:
        """`files`: what the folder agrees on all the same; None where it is not this folder that waits."""
        said = [str(error) for error in errors.errors] if errors is not None else []
        self._against = self._rules.version if self._rules is not None else ""
        pending = self._records.wait(content, state, names, said, self._against)
        for line in (f"CẤU HÌNH ĐANG CHỜ: {words_of(pending)}", *pending.errors):
            self._say(line)
        if files is not None:
            self._saw(content, files, taken=False)

    def _may_go_on(self) -> bool:
        """Whether what waits has its proof now, or stands against another version than the one it waits for."""
        held = self._records.pending
        if held is None or held.state not in ("untested", "unfit", "crossed"):
            return False
        if self().version != self._against:
            return True
        return held.state != "crossed" and proof.proofs_of(self._ledger, self._offered).last is not None

    def _saw(self, content: str, files: dict[str, str], *, taken: bool) -> None:
        self._done = content
        self._records.saw(content, files, taken=taken)
        if hash_of(texts_in(self._folder)[SETTINGS]) != self._settings:
            self._say(f"{SETTINGS} đã đổi: khởi động lại để nhận / {SETTINGS} changed: takes effect at restart")


def _differing(texts: Mapping[str, str], running: Mapping[str, str]) -> list[str]:
    return sorted(name for name in texts.keys() | running.keys() if texts.get(name) != running.get(name))
