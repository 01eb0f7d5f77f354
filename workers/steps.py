"""The messages of `POST /build`, as a job's output. Pure: messages in; steps, lines and a percentage out."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, Protocol

from dashboard.jobs.output.entries import Status
from workers.progress import Output, PullProgress

_STEP: Final = re.compile(r"Step (\d+)/(\d+) : (.*)")
_STEP_BEGINS: Final = "Step "
_CACHED: Final = "---> Using cache"
#: A program may never end its line: a longer text is shown as it is.
_LONGEST: Final = 16 * 1024


class StepOutput(Output, Protocol):
    """A job's writer, with steps."""

    def step(self, number: int, total: int, title: str, status: Status) -> None: ...


@dataclass(frozen=True)
class _Step:
    number: int
    total: int
    title: str


class BuildProgress:
    """`image` is the ID of what was built, once the engine has told it; `failed_step` that of what a step left behind.

    The second is an engine's that keeps a failed step's files (ours does, where it is asked to).
    """

    def __init__(self, out: StepOutput) -> None:
        self.image = ""
        self.failed_step = ""
        self._out = out
        self._pulls = PullProgress(out)
        self._step: _Step | None = None
        self._status = Status.RUNNING
        self._rest = ""

    @property
    def percent(self) -> int:
        """Of the steps; 99 at most, as the end is the engine's to tell."""
        return 0 if self._step is None else min(99, 100 * (self._step.number - 1) // self._step.total)

    def take(self, message: Mapping[str, Any]) -> None:
        """Show one message."""
        if "stream" in message:
            self._hear(str(message["stream"]))
        elif "aux" in message:
            told = message["aux"] or {}
            self.image = str(told.get("ID", self.image))
            self.failed_step = str((told.get("FailedStep") or {}).get("Image", self.failed_step))
        elif "status" in message:
            self._pulls.take(message)

    def end(self, *, failed: bool = False) -> None:
        """Nothing comes any more."""
        if self._rest:
            self._say(self._rest)
        self._rest = ""
        self._leave(Status.FAILED if failed else None)

    def _hear(self, text: str) -> None:
        whole, newline, self._rest = (self._rest + text).rpartition("\n")
        if newline:
            self._say(whole)
        if len(self._rest) > _LONGEST:
            self._say(self._rest)
            self._rest = ""

    def _say(self, text: str) -> None:
        """Lines, said together as far as they belong to one step."""
        plain: list[str] = []
        for line in text.split("\n"):
            if line.startswith(_STEP_BEGINS) and (match := _STEP.fullmatch(line.rstrip("\r"))):
                self._pass_on(plain)
                plain = []
                self._leave()
                self._enter(_Step(int(match[1]), int(match[2]), match[3]))
            else:
                plain.append(line)
        self._pass_on(plain)

    def _pass_on(self, lines: list[str]) -> None:
        if any(_CACHED in line for line in lines):
            self._status = Status.CACHED
        # Of a line that was drawn anew with carriage returns, the last drawing counts.
        shown = [line.rstrip("\r").rpartition("\r")[2] for line in lines]
        if text := "\n".join(line for line in shown if line.strip()):
            self._out.line(text)

    def _enter(self, step: _Step) -> None:
        self._step, self._status = step, Status.RUNNING
        self._out.step(step.number, step.total, step.title, Status.RUNNING)

    def _leave(self, status: Status | None = None) -> None:
        if self._step is None:
            return
        ended = Status.DONE if self._status is Status.RUNNING else self._status
        self._out.step(self._step.number, self._step.total, self._step.title, status or ended)
