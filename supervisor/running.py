"""A part that runs: its lines on our standard output, and its end."""

import os
import signal
import subprocess
import sys
import threading
from typing import IO, Final

from supervisor.part import Part

_WIDTH: Final = len("scheduler")


class Running:
    """One process with a process group of its own, so that a Ctrl-C reaches the supervisor alone."""

    def __init__(self, part: Part) -> None:
        self.part = part
        self._process = subprocess.Popen(
            part.argv,
            env=part.environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            process_group=0,
        )
        # A daemon: a grandchild that keeps the pipe open does not keep us from ending.
        self._echo = threading.Thread(
            target=self._pass_on, args=(self._process.stdout,), name=f"echo of {part.name}", daemon=True
        )
        self._echo.start()

    @property
    def exit_code(self) -> int | None:
        """None while it runs; negative: the signal that ended it."""
        return self._process.poll()

    def signal(self, number: signal.Signals) -> None:
        """SIGKILL goes to all that the part has started, others to itself alone, to pass on or not."""
        if self.exit_code is None:
            (os.killpg if number == signal.SIGKILL else os.kill)(self._process.pid, number)

    def drain(self) -> None:
        """Wait until its last lines are out; it has ended."""
        self._echo.join(timeout=1)

    def _pass_on(self, output: IO[bytes]) -> None:
        with output:
            for line in output:
                text = line.decode(errors="replace").rstrip("\r\n")
                # One write a line: the lines of several parts do not run into each other.
                sys.stdout.write(f"{self.part.name:<{_WIDTH}} | {text}\n")
                sys.stdout.flush()
