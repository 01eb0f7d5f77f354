"""The engine's side of a worker: starting it, what it says, and the tar in either direction.

Bytes pass one pipe's length at a time, so a slow client slows the worker and costs no memory.
"""

import asyncio
import contextlib
import fcntl
import os
import subprocess
import sys
from collections.abc import AsyncIterable, AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import IO, Any, Final

import msgspec

import engine
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
    """A worker that runs."""

    def __init__(self, process: subprocess.Popen[bytes]) -> None:
        self._process = process
        self._output = _descriptor(process.stdout)
        self._read = b""

    async def answer(self) -> dict[str, Any]:
        """The next line that it says. Raises PathMissing, and whatever error it names."""
        while b"\n" not in self._read and len(self._read) < _LINE_LIMIT:
            data = await waiting.read_available(self._output)
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
        while data := await waiting.read_available(self._output):
            yield data
        await waiting.process_end(self._process.pid)
        if self._process.wait() != 0:
            raise await self._failure()

    async def feed(self, pieces: AsyncIterable[bytes]) -> None:
        """Give it the tar; one that has had enough says why in its next answer."""
        pipe = self._process.stdin
        descriptor = _descriptor(pipe)
        with contextlib.suppress(BrokenPipeError):
            async for piece in pieces:
                await _write(descriptor, piece)
        if pipe is not None:
            pipe.close()

    async def _failure(self) -> EngineError:
        await waiting.process_end(self._process.pid)
        code = self._process.wait()
        said = os.read(_descriptor(self._process.stderr), 4096).decode(errors="replace").strip()
        return EngineError(f"reading or writing files failed: {said or f'the process ended with {code}'}")


@asynccontextmanager
async def started(view: View, **order: Any) -> AsyncIterator[Child]:
    """A worker in `view` that obeys `order` (see `worker.__main__`); it is gone when the block is left."""
    text = msgspec.json.encode({**msgspec.to_builtins(view), **order}).decode()
    with _popen(text, () if view.pidfd is None else (view.pidfd,)) as process:
        try:
            yield Child(process)
        finally:
            process.kill()
            await asyncio.shield(waiting.process_end(process.pid))


def _popen(order: str, descriptors: tuple[int, ...]) -> subprocess.Popen[bytes]:
    """Its environment holds nothing but the way to the code."""
    pipe = subprocess.PIPE
    process = subprocess.Popen(
        [sys.executable, "-P", "-s", "-m", "engine.container.archive.worker", order, str(os.getpid())],
        stdin=pipe,
        stdout=pipe,
        stderr=pipe,
        pass_fds=descriptors,
        env={"PYTHONPATH": str(Path(engine.__file__).parent.parent), "LC_ALL": "C.UTF-8"},
        cwd="/",
        bufsize=0,
    )
    for end in (process.stdin, process.stdout):
        with contextlib.suppress(OSError):  # more than a user's share of pipes' memory: the usual size will do
            fcntl.fcntl(_descriptor(end), fcntl.F_SETPIPE_SZ, _PIPE_SIZE)
        os.set_blocking(_descriptor(end), False)
    return process


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


def _descriptor(pipe: IO[bytes] | None) -> int:
    if pipe is None:
        raise RuntimeError("the process was started without this pipe")
    return pipe.fileno()
