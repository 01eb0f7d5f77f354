"""A program that a test starts: its output in a file, its end by process id."""

import os
import signal
import subprocess
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Self, TypeVar

from tests.support import session, waiting

T = TypeVar("T")


class Child:
    """One process in a session of its own, so that a Ctrl-C meant for the suite does not reach it.

    `stop()` and `kill()` are idempotent; leaving the `with` block stops it.
    """

    def __init__(
        self,
        name: str,
        argv: Sequence[str | Path],
        *,
        env: Mapping[str, str] | None = None,
        cwd: Path = session.CHECKOUT,
        log: Path | None = None,
        user: str | None = None,
    ) -> None:
        self.name = name
        self.log = log or session.directory(name) / "log"
        # Appended to: a restarted program's second life follows its first in the same file.
        with self.log.open("ab") as output:
            self._process = subprocess.Popen(
                [str(word) for word in argv],
                env={**os.environ, **(env or {})},
                cwd=cwd,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                user=user,
                group=user,
                extra_groups=[] if user else None,
            )

    @property
    def pid(self) -> int:
        return self._process.pid

    @property
    def exit_code(self) -> int | None:
        """None while it runs; negative: the signal that ended it."""
        return self._process.poll()

    def output(self) -> str:
        return self.log.read_text(errors="replace")

    def wait_for(self, what: str, probe: Callable[[], T], *, seconds: float = 30.0) -> T:
        """`waiting.until`, which ends at once, with the program's output, when the program does."""

        def alive_and_true() -> T:
            answer = probe()
            if not answer and self.exit_code is not None:
                raise AssertionError(f"{self.name} ended ({self.exit_code}) before {what}:\n{self.output()}")
            return answer

        try:
            return waiting.until(f"{what} of {self.name}", alive_and_true, seconds=seconds)
        except TimeoutError as error:
            raise AssertionError(f"{error}; its output:\n{self.output()}") from error

    def signal(self, number: signal.Signals) -> None:
        if self.exit_code is None:
            self._process.send_signal(number)

    def wait(self, *, seconds: float = 30.0) -> int:
        return self._process.wait(seconds)

    def stop(self, *, seconds: float = 20.0) -> int:
        """SIGTERM, then SIGKILL after `seconds`; the exit code."""
        self.signal(signal.SIGTERM)
        try:
            return self.wait(seconds=seconds)
        except subprocess.TimeoutExpired:
            self.kill()
            raise AssertionError(f"{self.name} did not end on SIGTERM in {seconds} s:\n{self.output()}") from None

    def kill(self) -> None:
        self.signal(signal.SIGKILL)
        self.wait()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()
