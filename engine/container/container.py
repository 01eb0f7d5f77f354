"""One container in memory: its record, and what only a running engine has of it."""

import asyncio
from collections.abc import Awaitable, Callable
from enum import Enum
from typing import NamedTuple

from engine.container.attach import Hub
from engine.container.logs.files import LogFiles
from engine.container.record import Record
from engine.container.state import Status
from engine.execdriver.driver import AttachSocket, Stdio


class WaitCondition(Enum):
    """What `wait` waits for, in the API's words."""

    NOT_RUNNING = "not-running"
    NEXT_EXIT = "next-exit"
    REMOVED = "removed"


class WaitResult(NamedTuple):
    status_code: int
    error: str | None = None


class Container:
    """A record and its companions.

    `lock` is held by whoever changes the container's life (start, the end, removal); looking, signals and streams go
    without. `ended` is set while there is no process and none will follow by itself. `revival` waits for the time of
    the next restart. `is_broken` is one whose record could not be read.
    """

    def __init__(
        self, record: Record, connect: Callable[[], Awaitable[AttachSocket]], log: LogFiles | None = None
    ) -> None:
        self.record = record
        self.lock = asyncio.Lock()
        self.hub = Hub(stdio_of(record), connect, log)
        self.ended = asyncio.Event()
        self.ended.set()
        self.exec_ids: list[str] = []
        self.revival: asyncio.Task[None] | None = None
        self.is_being_restarted = False
        self.is_broken = False
        self._waiters: dict[WaitCondition, list[asyncio.Future[WaitResult]]] = {each: [] for each in WaitCondition}

    @property
    def id(self) -> str:
        return self.record.id

    @property
    def name(self) -> str:
        return self.record.name

    @property
    def status(self) -> Status:
        return self.record.state.status

    def wait(self, condition: WaitCondition) -> "asyncio.Future[WaitResult]":
        """A future of the container's exit code; it stands when this returns, so nothing after it is missed."""
        future: asyncio.Future[WaitResult] = asyncio.get_running_loop().create_future()
        if condition is WaitCondition.NOT_RUNNING and self.ended.is_set():
            future.set_result(self._result())
        else:
            self._waiters[condition].append(future)
        return future

    def tell_exit(self) -> None:
        """The process has ended: whoever waits for that is told."""
        self.ended.set()
        self._settle(WaitCondition.NOT_RUNNING)
        self._settle(WaitCondition.NEXT_EXIT)

    def tell_removed(self) -> None:
        """Whoever waits for the removal is told; why a start had failed is not this answer's to say, as in Docker."""
        self.tell_exit()
        self.record.state.error = ""
        self._settle(WaitCondition.REMOVED)

    def attributes(self, **more: str) -> dict[str, str]:
        """What an event tells of the container beside its ID."""
        labels = self.record.config.labels or {}
        return {**labels, "image": self.record.image_name, "name": self.name, **more}

    def _settle(self, condition: WaitCondition) -> None:
        waiters, self._waiters[condition] = self._waiters[condition], []
        for future in waiters:
            if not future.done():
                future.set_result(self._result())

    def _result(self) -> WaitResult:
        state = self.record.state
        return WaitResult(state.exit_code, state.error or None)


def stdio_of(record: Record) -> Stdio:
    config = record.config
    return Stdio(tty=config.tty, stdin=config.open_stdin, stdin_once=config.stdin_once)
