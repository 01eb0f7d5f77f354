"""A program in a real terminal, driven as a person would: typed at, read from, resized."""

import fcntl
import os
import re
import select
import struct
import subprocess
import termios
import time
from collections.abc import Mapping, Sequence
from types import TracebackType
from typing import Self


class Terminal:
    """`argv` on a pty of its own. `screen` is all that it has written so far."""

    def __init__(
        self, argv: Sequence[str], *, rows: int = 24, columns: int = 80, env: Mapping[str, str] | None = None
    ) -> None:
        self.screen = ""
        self._leader, follower = os.openpty()
        self.resize(rows, columns)
        # setsid makes it a controlling terminal: only then does a resize reach the program as SIGWINCH.
        self.process = subprocess.Popen(
            ["setsid", "--ctty", *argv], stdin=follower, stdout=follower, stderr=follower, env=env
        )
        os.close(follower)

    def send(self, text: str) -> None:
        os.write(self._leader, text.encode())

    def resize(self, rows: int, columns: int) -> None:
        fcntl.ioctl(self._leader, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))

    def expect(self, pattern: str, *, seconds: float = 20) -> re.Match[str]:
        """Read until `pattern` is found in what has not been matched yet; raises AssertionError with the screen."""
        deadline = time.monotonic() + seconds
        while (found := re.compile(pattern).search(self.screen, self._matched)) is None:
            left = deadline - time.monotonic()
            if left <= 0 or not self._read(left):
                raise AssertionError(f"{pattern!r} did not appear; the screen:\n{self.screen}")
        self._matched = found.end()
        return found

    def wait(self, *, seconds: float = 20) -> int:
        """Read until the program closes the terminal; its exit code."""
        deadline = time.monotonic() + seconds
        while (left := deadline - time.monotonic()) > 0 and self._read(left):
            pass
        return self.process.wait(seconds)

    def close(self) -> None:
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        os.close(self._leader)

    _matched = 0

    def _read(self, seconds: float) -> bool:
        if not select.select([self._leader], [], [], seconds)[0]:
            return False
        try:
            data = os.read(self._leader, 65536)
        except OSError:  # EIO: the last program on the terminal has closed it
            return False
        self.screen += data.decode(errors="replace")
        return bool(data)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
