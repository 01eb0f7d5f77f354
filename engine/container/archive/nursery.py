"""The engine's side of the nursery: the process that has workers ready (see `worker.__main__`).

It is there from the first order on, and for a while after the last; an engine that copies nothing has none.
"""

import asyncio
import contextlib
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import engine
from engine import tasks
from engine.linux import waiting

#: Seconds that it waits for another order.
_IDLE_S: Final = 60
_ANSWER: Final = 64


@dataclass
class Worker:
    """A worker that was started; `close` is to be called when it has ended."""

    pidfd: int | None
    verdict: int
    on_close: Callable[[], None]
    code: int | None = None

    async def end(self) -> int:
        """Wait for it; its exit code, -9 for one that was killed."""
        if self.code is None:
            told = await waiting.read_available(self.verdict)
            self.code = told[0] if told else -signal.SIGKILL
            if self.pidfd is not None:
                await waiting.readable(self.pidfd)
        return self.code

    def kill(self) -> None:
        if self.pidfd is not None:
            with contextlib.suppress(ProcessLookupError):
                signal.pidfd_send_signal(self.pidfd, signal.SIGKILL)

    def close(self) -> None:
        for descriptor in (self.verdict, self.pidfd):
            if descriptor is not None:
                os.close(descriptor)
        self.on_close()


class Nursery:
    """Starts workers, one at a time. They end with it, so it stays as long as one of them works."""

    def __init__(self) -> None:
        self._process: subprocess.Popen[bytes] | None = None
        self._orders: socket.socket | None = None
        self._turn = asyncio.Lock()
        self._idle: asyncio.TimerHandle | None = None
        self._working = 0
        self._tasks: set[asyncio.Task[Any]] = set()

    async def start(self, order: bytes, streams: Sequence[int], view: Sequence[int]) -> Worker:
        """A worker for `order` with the three `streams`; `view` is the container's process, or nothing."""
        starting = tasks.spawn(self._start(order, [*streams], [*view]), name="start a worker", owner=self._tasks)
        try:
            return await asyncio.shield(starting)
        except asyncio.CancelledError:
            worker = await starting  # the descriptors must stay open, and the answer be read, until it is there
            worker.kill()
            worker.close()
            raise

    def close(self) -> None:
        """Idempotent."""
        if self._idle is not None:
            self._idle.cancel()
        if self._orders is not None:
            self._orders.close()
            self._orders = None
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None

    async def _start(self, order: bytes, streams: Sequence[int], view: Sequence[int]) -> Worker:
        verdict, theirs = os.pipe()
        os.set_blocking(verdict, False)
        try:
            async with self._turn:
                pidfd = await self._ask(order, [*streams, theirs, *view])
        except BaseException:
            os.close(verdict)
            raise
        finally:
            os.close(theirs)
        self._working += 1
        return Worker(pidfd, verdict, self._ended)

    def _ended(self) -> None:
        self._working -= 1

    async def _ask(self, order: bytes, descriptors: Sequence[int]) -> int | None:
        """One that was killed since the last order is replaced by another."""
        try:
            return await self._send(self._running(), order, descriptors)
        except (BrokenPipeError, ConnectionResetError, EOFError):
            self.close()
            return await self._send(self._running(), order, descriptors)

    async def _send(self, orders: socket.socket, order: bytes, descriptors: Sequence[int]) -> int | None:
        socket.send_fds(orders, [order], descriptors)
        await waiting.readable(orders.fileno())
        answer, pidfds, _, _ = socket.recv_fds(orders, _ANSWER, 1)
        if not answer:
            raise EOFError
        self._rest()
        return pidfds[0] if pidfds else None

    def _running(self) -> socket.socket:
        if self._orders is None:
            self._orders, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
            with theirs:
                self._process = _popen(theirs.fileno())
        return self._orders

    def _rest(self) -> None:
        if self._idle is not None:
            self._idle.cancel()
        self._idle = asyncio.get_running_loop().call_later(_IDLE_S, self._end_if_idle)

    def _end_if_idle(self) -> None:
        if self._turn.locked() or self._working:
            self._rest()
        else:
            self.close()


def _popen(descriptor: int) -> "subprocess.Popen[bytes]":
    """Its environment holds nothing but the way to the code."""
    return subprocess.Popen(
        [sys.executable, "-P", "-s", "-m", "engine.container.archive.worker", str(descriptor), str(os.getpid())],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        pass_fds=(descriptor,),
        env={"PYTHONPATH": str(Path(engine.__file__).parent.parent), "LC_ALL": "C.UTF-8"},
        cwd="/",
    )
