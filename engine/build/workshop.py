"""The engine's side of the worker: one process that waits, one for each build, and one for each piece of work."""

import asyncio
import contextlib
import os
import signal
import socket
import subprocess
import sys
from collections.abc import AsyncIterable, AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, Final

import msgspec

import engine
from engine.errors import EngineError, Forbidden, InvalidParameter, NotFound, NotSupported
from engine.linux import waiting

_ERRORS: Final[Mapping[str, type[EngineError]]] = {
    kind.__name__: kind for kind in (EngineError, Forbidden, InvalidParameter, NotFound, NotSupported)
}


class Channel:
    """A socket over which a process of the workshop takes orders."""

    def __init__(self, connection: socket.socket) -> None:
        self._connection = connection

    async def order(
        self, kind: str, descriptors: Sequence[int] = (), *, given: Sequence[int] = (), **fields: Any
    ) -> Any:
        """Have a piece of work done; returns its result. Cancelled, this returns when the work has been killed.

        The caller keeps its own copies of the descriptors, but for those that are `given` away: they are closed here.
        Raises what the work is refused with, and EngineError.
        """
        with contextlib.ExitStack() as stack:
            reply, their_reply = _pipe(stack)
            their_interest, interest = _pipe(stack)
            os.set_blocking(reply.number, False)
            order = _memory_file(stack, msgspec.json.encode({"kind": kind, **fields}))
            try:
                self._send([order, their_reply.number, their_interest.number, *descriptors])
            finally:
                for descriptor in given:
                    os.close(descriptor)
            their_reply.close()
            their_interest.close()
            try:
                answer = await _read_all(reply.number)
            except asyncio.CancelledError:
                interest.close()
                await asyncio.shield(_read_all(reply.number))  # its end is the process' end
                raise
        return _result(kind, answer)

    def open(self) -> "Channel":
        """Fork a process that takes orders of its own, for as long as the channel is there."""
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        with contextlib.ExitStack() as stack, theirs:
            order = _memory_file(stack, msgspec.json.encode({"kind": "open"}))
            nobody = _memory_file(stack, b"")
            self._send([order, nobody, nobody, theirs.fileno()])
        return Channel(ours)

    def close(self) -> None:
        self._connection.close()

    def _send(self, descriptors: list[int]) -> None:
        try:
            socket.send_fds(self._connection, [b"\0"], descriptors)
        except OSError as error:
            raise EngineError(f"the process that works on files for builds is gone: {error.strerror}") from error


class Workshop:
    """Starts the waiting process when it is first needed, and again when it has been lost."""

    def __init__(self) -> None:
        self._process: subprocess.Popen[bytes] | None = None
        self._channel: Channel | None = None

    @asynccontextmanager
    async def bench(self) -> AsyncIterator[Channel]:
        """A process for one build. It and all that it still works on end with the block."""
        channel = self._waiting().open()
        try:
            yield channel
        finally:
            channel.close()

    def close(self) -> None:
        if self._channel is not None:
            self._channel.close()
        if self._process is not None:
            self._process.send_signal(signal.SIGKILL)
            self._process.wait()
        self._process = self._channel = None

    def _waiting(self) -> Channel:
        if self._process is not None and self._process.poll() is not None:
            self.close()
        if self._channel is None:
            self._channel = self._start()
        return self._channel

    def _start(self) -> Channel:
        """Its environment holds nothing but the way to the code."""
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        with theirs:
            self._process = subprocess.Popen(
                [sys.executable, "-P", "-s", "-B", "-m", "engine.build.worker", str(theirs.fileno()), str(os.getpid())],
                stdin=subprocess.DEVNULL,
                pass_fds=(theirs.fileno(),),
                env={"PYTHONPATH": str(Path(engine.__file__).parent.parent), "LC_ALL": "C.UTF-8"},
                cwd="/",
            )
        return Channel(ours)


@asynccontextmanager
async def opened(path: Path) -> AsyncIterator[int]:
    """A descriptor of a folder, for an order."""
    descriptor = os.open(path, os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        yield descriptor
    finally:
        os.close(descriptor)


async def pour(pieces: AsyncIterable[bytes], descriptor: int) -> None:
    """Write all pieces into the pipe, and close it. A reader that has had enough says why in its answer."""
    os.set_blocking(descriptor, False)
    try:
        with contextlib.suppress(BrokenPipeError):
            async for piece in pieces:
                await _write(descriptor, memoryview(piece))
    finally:
        os.close(descriptor)


async def _write(descriptor: int, rest: memoryview) -> None:
    while rest:
        try:
            rest = rest[os.write(descriptor, rest) :]
        except BlockingIOError:
            await waiting.writable(descriptor)


async def _read_all(descriptor: int) -> bytes:
    collected = bytearray()
    while data := await waiting.read_available(descriptor):
        collected += data
    return bytes(collected)


class _End:
    """One end of a pipe, which may be closed more than once."""

    def __init__(self, number: int) -> None:
        self.number = number

    def close(self) -> None:
        if self.number >= 0:
            os.close(self.number)
        self.number = -1


def _pipe(stack: contextlib.ExitStack) -> tuple[_End, _End]:
    """The reading end first; the stack closes what of them is still open."""
    reading, writing = (_End(number) for number in os.pipe2(os.O_CLOEXEC))
    stack.callback(reading.close)
    stack.callback(writing.close)
    return reading, writing


def _memory_file(stack: contextlib.ExitStack, data: bytes) -> int:
    descriptor = os.memfd_create("order", os.MFD_CLOEXEC)
    stack.callback(os.close, descriptor)
    os.write(descriptor, data)
    return descriptor


def _result(kind: str, answer: bytes) -> Any:
    if not answer:
        raise EngineError(f"working on files for a build ({kind}): the process ended without a word")
    decoded = msgspec.json.decode(answer)
    if name := decoded.get("error"):
        raise _ERRORS.get(name, EngineError)(decoded["message"])
    return decoded["result"]
