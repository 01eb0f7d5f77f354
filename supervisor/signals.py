"""Signals as things to wait for: they wake `wait()`, and interrupt nothing."""

import select
import signal
import socket
from types import FrameType, TracebackType
from typing import Final, Self

_STOP: Final = frozenset({signal.SIGINT, signal.SIGTERM, signal.SIGHUP})


class Signals:
    """While entered, `stops` counts how often we were asked to stop; the end of a child wakes `wait()` as well."""

    def __init__(self) -> None:
        self.stops = 0
        self._reader, self._writer = socket.socketpair()

    def wait(self, seconds: float | None) -> None:
        """Return at the next signal, or after `seconds` (None: never before)."""
        if select.select([self._reader], [], [], seconds)[0]:
            self.stops += sum(number in _STOP for number in self._reader.recv(4096))

    def __enter__(self) -> Self:
        self._writer.setblocking(False)
        self._wakeup = signal.set_wakeup_fd(self._writer.fileno(), warn_on_full_buffer=False)
        self._handlers = {number: signal.signal(number, _nothing) for number in (*_STOP, signal.SIGCHLD)}
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        signal.set_wakeup_fd(self._wakeup)
        for number, handler in self._handlers.items():
            signal.signal(number, handler)
        self._reader.close()
        self._writer.close()


def _nothing(_number: int, _frame: FrameType | None) -> None:
    """The byte that the interpreter has written to the wakeup socket is all that is wanted."""
