"""The engine's side of a worker: starting it, what it says, and the tar in either direction.

Bytes pass one pipe's length at a time, so a slow client slows the worker and costs no memory.
"""

import asyncio
import contextlib
import fcntl
import os
from collections.abc import AsyncIterable, AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any, Final

import msgspec

from engine.container.archive.nursery import Nursery, Worker
from engine.container.archive.view import View
from engine.errors import EngineError, Forbidden, InvalidParameter
from engine.linux import waiting

_ERRORS: Final[Mapping[str, type[EngineError]]] = {
    kind.__name__: kind for kind in (EngineError, Forbidden, InvalidParameter)
}
_PIPE_SIZE: Final = 1 << 20
#: Longer than any answer: a path, a link's target, an error.
_LINE_LIMIT: Final = 64 << 10


class PathMissing(Exception):
    """The path leads to nothing."""


class Child:
    """A worker that runs, and our ends of its standard streams."""

    def __init__(self, worker: Worker, streams: "_Streams") -> None:
        self._worker = worker
        self._streams = streams
        self._read = b""

    async def answer(self) -> dict[str, Any]:
        """The next line that it says. Raises PathMissing, and whatever error it names."""
        while b"\n" not in self._read and len(self._read) < _LINE_LIMIT:
            data = await waiting.read_available(self._streams.output)
            if not data:
                raise await self._failure()
            self._read += data
        line, _, self._read = self._read.partition(b"\n")
        answer: dict[str, Any] = msgspec.json.decode(line)
        if answer.get("error") == PathMissing.__name__:
            raise PathMissing
        if kind := answer.get("error"):
            raise _ERRORS[kind](answer["message"])
        return answer

    async def pieces(self) -> AsyncIterator[bytes]:
        """The tar behind the answer. Raises EngineError when it was cut short."""
        if self._read:
            yield self._read
        while data := await waiting.read_available(self._streams.output):
            yield data
        if await self._worker.end() != 0:
            raise await self._failure()

    async def lines(self) -> AsyncIterator[dict[str, Any]]:
        """The lines of JSON behind the answer. Raises EngineError when they end too soon."""
        rest = b""
        async for piece in self.pieces():
            *whole, rest = (rest + piece).split(b"\n")
            for line in whole:
                yield msgspec.json.decode(line)

    async def feed(self, pieces: AsyncIterable[bytes]) -> None:
        """Give it the tar; one that has had enough says why in its next answer."""
        with contextlib.suppress(BrokenPipeError):
            async for piece in pieces:
                await _write(self._streams.input, piece)
        self._streams.close_input()

    async def _failure(self) -> EngineError:
        code = await self._worker.end()
        said = (await waiting.read_available(self._streams.error)).decode(errors="replace").strip()
        return EngineError(f"reading or writing files failed: {said or f'the process ended with {code}'}")


@asynccontextmanager
async def started(nursery: Nursery, view: View, **order: Any) -> AsyncIterator[Child]:
    """A worker in `view` that obeys `order` (see `worker.obey`); it is gone when the block is left."""
    text = msgspec.json.encode({**msgspec.to_builtins(view), **order})
    with _Streams() as streams:
        descriptors = () if view.pidfd is None else (view.pidfd,)
        worker = await nursery.start(text, streams.theirs, descriptors)
        try:
            streams.give_away()
            yield Child(worker, streams)
        finally:
            worker.kill()
            await asyncio.shield(worker.end())
            worker.close()


class _Streams:
    """Three pipes; what is open of them at the end is closed."""

    def __init__(self) -> None:
        theirs_in, self.input = os.pipe()
        self.output, theirs_out = os.pipe()
        self.error, theirs_error = os.pipe()
        self.theirs = (theirs_in, theirs_out, theirs_error)
        self._open = {self.input, self.output, self.error, *self.theirs}
        for end in (self.input, self.output, self.error):
            os.set_blocking(end, False)
        for end in (self.input, self.output):
            with contextlib.suppress(OSError):  # more than a user's share of pipes' memory: the usual size will do
                fcntl.fcntl(end, fcntl.F_SETPIPE_SZ, _PIPE_SIZE)

    def give_away(self) -> None:
        """The worker has its ends: they are closed here, so that its end is seen."""
        self._close(*self.theirs)

    def close_input(self) -> None:
        self._close(self.input)

    def __enter__(self) -> "_Streams":
        return self

    def __exit__(self, *_: object) -> None:
        self._close(*self._open)

    def _close(self, *descriptors: int) -> None:
        for descriptor in descriptors:
            if descriptor in self._open:
                self._open.remove(descriptor)
                os.close(descriptor)


async def _write(descriptor: int, data: bytes) -> None:
    rest = memoryview(data)
    while rest:
        try:
            rest = rest[os.write(descriptor, rest) :]
        except BlockingIOError:
            await _writable(descriptor)


async def _writable(descriptor: int) -> None:
    loop = asyncio.get_running_loop()
    ready = asyncio.Event()
    loop.add_writer(descriptor, ready.set)
    try:
        await ready.wait()
    finally:
        loop.remove_writer(descriptor)
