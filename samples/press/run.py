"""The sample press from feed to digest and notice, on this machine alone, with no network: `make run DEMO=1`.

stdout: `DIGEST <path>` and `NOTICE <path>` as letters are written, then `READY`; explanations go to stderr. It goes
on serving the newspapers until SIGINT or SIGTERM, which end it with status 0.
"""

from __future__ import annotations

import argparse
import os
import pwd
import shutil
import signal
import sys
import threading
from contextlib import closing
from datetime import UTC
from pathlib import Path
from types import FrameType

if __name__ == "__main__":
    # Ctrl+C while the libraries below are loaded: nothing has begun, so nothing is to be closed.
    for early in (signal.SIGINT, signal.SIGTERM):
        signal.signal(early, lambda *_: os._exit(0))

import structlog

from samples.press.content import load_items
from samples.press.mornings import PLAN, Step, drive, rules_of, settings_for, write_routes
from samples.press.server import SamplePress
from services.adapters.manual_clock import ManualClock
from services.alerter.letter import Sent
from services.wiring import build

ROOT = Path(__file__).resolve().parents[2]
MARK = "DU-LIEU-MAU"
"""A file that says that a data folder is ours to empty."""


class Stopped(BaseException):
    """SIGINT or SIGTERM: end cleanly, wherever we are."""


def main() -> int:
    arguments = argparse.ArgumentParser(description="Báo mẫu: ba buổi sáng, từ nguồn tin tới bản điểm báo.")
    arguments.add_argument("--data", type=Path, default=ROOT / "data-mau", help="thư mục dữ liệu mẫu, làm mới mỗi lần")
    data: Path = arguments.parse_args().data.absolute()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, _stop)
    # Log lines go beside the explanations: stdout carries only letters and READY.
    structlog.configure(logger_factory=structlog.PrintLoggerFactory(sys.stderr))
    try:
        return _run(data)
    except Stopped:
        _say("Đã dừng báo mẫu.")
        return 0


def _run(data: Path) -> int:
    if not _emptied(data):
        _say(f"Thư mục {data} có dữ liệu không phải của báo mẫu; hãy chọn --data khác. / not a sample folder")
        return 2
    clock = ManualClock(PLAN[0].at.astimezone(UTC))
    login = _login()
    with SamplePress(load_items(), clock.now) as press:
        _say("DỮ LIỆU MẪU. Báo, sự việc và số liệu đều bịa ra để minh họa; không thư nào được gửi đi.")
        _say(f"Tám tòa soạn mẫu và hai nguồn hỏng chạy trên {press.origin}; dữ liệu nằm trong {data}")
        settings = settings_for(data, login, press.routes)
        write_routes(settings.config_dir / "diembao.yaml", press.routes)
        rules = rules_of(settings)
        with closing(build(settings, lambda: rules, clock, _sent)) as services:
            drive(services, rules, clock, data, login, _step)
            _say(f"Xong ba buổi sáng: {services.archive.count()} bài trong kho. Mở các tệp .eml ở trên để xem thư.")
            config = f"--config {settings.config_dir} --data {data}"
            _say(f"Thử: diembao review list {config}  |  diembao search 'bu gia map' {config}")
            _say(f"Báo mẫu vẫn chạy; bấm Ctrl+C để dừng. Ở cửa sổ khác, dịch vụ trên báo mẫu: diembao run {config}")
            print("READY", flush=True)
            threading.Event().wait()
    return 0


def _emptied(data: Path) -> bool:
    """A fresh folder; one that holds anything but an earlier sample run is left alone."""
    if data.is_dir() and any(data.iterdir()):
        if not (data / MARK).exists():
            return False
        shutil.rmtree(data)
    data.mkdir(parents=True, exist_ok=True)
    (data / MARK).touch()
    return True


def _login() -> str:
    """The account of the effective user, as the desk knows people."""
    try:
        return pwd.getpwuid(os.geteuid()).pw_name
    except KeyError:
        return f"uid-{os.geteuid()}"


def _sent(sent: Sent) -> None:
    print(f"{sent.kind.upper()} {sent.where}", flush=True)
    _say(f"    thư: {sent.subject} → {sent.recipient}")


def _step(step: Step) -> None:
    _say(f"{step.at:%H:%M %d/%m/%Y}  {step.words}")


def _say(words: str) -> None:
    print(words, file=sys.stderr, flush=True)


def _stop(number: int, frame: FrameType | None) -> None:
    # One signal is enough: a second one must not break into the closing of the stores.
    for other in (signal.SIGINT, signal.SIGTERM):
        signal.signal(other, signal.SIG_IGN)
    raise Stopped


if __name__ == "__main__":
    sys.exit(main())
