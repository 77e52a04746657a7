"""`make run`: the service on the shipped feeds; where none can be reached, the sample press, and says so."""

from __future__ import annotations

import argparse
import os
import signal
import subprocess
import sys
from pathlib import Path
from types import FrameType

UNREACHABLE = 3
FIRST_POLL_SECONDS = 30


class FirstRun:
    """The real service as a child; a signal reaches it, and ends both with status 0 wherever they are."""

    def __init__(self) -> None:
        self.stopped = False
        self._child: subprocess.Popen[bytes] | None = None
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, self._stop)

    def run(self, command: list[str]) -> int:
        self._child = subprocess.Popen(command)
        if self.stopped:
            self._child.terminate()
        return self._child.wait()

    def _stop(self, number: int, frame: FrameType | None) -> None:
        # From a terminal the child has had the same signal; a second one changes nothing there.
        self.stopped = True
        if self._child is not None:
            self._child.send_signal(number)


def main() -> int:
    """The child's status; where no feed can be reached, this process becomes the sample press."""
    first = FirstRun()
    arguments = argparse.ArgumentParser(description="Lần chạy đầu: nguồn tin thật, không tới được thì báo mẫu.")
    arguments.add_argument("--data", required=True, help="thư mục dữ liệu của bản chạy thật")
    data: str = arguments.parse_args().data
    command = [sys.executable, "-m", "services", "run", "--first-poll-seconds", str(FIRST_POLL_SECONDS)]
    status = first.run([*command, "--or-exit", str(UNREACHABLE), "--data", data])
    if first.stopped:
        return 0
    if status == UNREACHABLE:
        _say_so()
        sample = Path(__file__).with_name("run.py")
        os.execv(sys.executable, [sys.executable, str(sample)])
    return status


def _say_so() -> None:
    print(
        "\nKhông tới được nguồn tin nào trong danh sách (máy này có lẽ không có mạng).\n"
        "Chuyển sang BÁO MẪU để thấy trọn đường đi từ nguồn tin đến bản điểm báo và thông báo. DỮ LIỆU MẪU, không phải "
        "tin thật; bản chạy thật không bao giờ tự lấy dữ liệu này.\n"
        "No feed can be reached: showing the sample press instead.\n",
        file=sys.stderr,
        flush=True,
    )


if __name__ == "__main__":
    sys.exit(main())
