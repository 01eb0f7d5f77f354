"""Waiting for descriptors and processes without a thread and without polling."""

import asyncio
import contextlib
import os
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from typing import IO, Final

_READ_SIZE: Final = 65536


async def readable(descriptor: int) -> None:
    """Return when `descriptor` can be read (for a pidfd: when its process has ended)."""
    await any_readable(descriptor)


async def any_readable(*descriptors: int) -> None:
    """Return when one of the descriptors can be read. No two tasks may wait for the same one."""
    loop = asyncio.get_running_loop()
    ready = loop.create_future()
    for descriptor in descriptors:
        loop.add_reader(descriptor, _settle, ready)
    try:
        await ready
    finally:
        for descriptor in descriptors:
            loop.remove_reader(descriptor)


async def writable(descriptor: int) -> None:
    """Return when `descriptor` can be written to. No two tasks may wait for the same one."""
    loop = asyncio.get_running_loop()
    ready = loop.create_future()
    loop.add_writer(descriptor, _settle, ready)
    try:
        await ready
    finally:
        loop.remove_writer(descriptor)


async def read_available(descriptor: int) -> bytes:
    """The next bytes of a non-blocking descriptor; empty at its end."""
    while True:
        try:
            return os.read(descriptor, _READ_SIZE)
        except BlockingIOError:
            await readable(descriptor)


async def read_line(descriptor: int) -> bytes:
    """Bytes up to and with the first newline, or up to the end. What came in the same read after it is dropped."""
    collected = b""
    while b"\n" not in collected and (data := await read_available(descriptor)):
        collected += data
    line, newline, _ = collected.partition(b"\n")
    return line + newline


def open_pidfd(pid: int) -> int | None:
    """A pidfd of `pid`, None when there is no such process. A number used again later can't fool a pidfd."""
    try:
        return os.pidfd_open(pid)
    except ProcessLookupError:
        return None


async def process_end(pid: int) -> None:
    """Return when the process `pid` has ended; at once when there is none."""
    descriptor = open_pidfd(pid)
    if descriptor is None:
        return
    try:
        await readable(descriptor)
    finally:
        os.close(descriptor)


@dataclass(frozen=True, slots=True)
class Completed:
    """How a program ended; `returncode` is negative for a signal."""

    returncode: int
    stdout: bytes
    stderr: bytes


async def run(argv: Sequence[str], *, timeout_s: float | None = 60) -> Completed:
    """Run a program to its end. Raises OSError when it can't be started, TimeoutError when it was killed for time."""
    # Starting takes about a millisecond (vfork); only the waiting has to be asynchronous, and it is.
    pipe = subprocess.PIPE
    with subprocess.Popen(argv, stdin=subprocess.DEVNULL, stdout=pipe, stderr=pipe) as process:  # noqa: ASYNC220
        try:
            async with asyncio.timeout(timeout_s):
                stdout, stderr = await asyncio.gather(_drain(process.stdout), _drain(process.stderr))
                await process_end(process.pid)
        except BaseException:
            process.kill()
            raise
        return Completed(process.wait(), stdout, stderr)


async def _drain(pipe: IO[bytes] | None) -> bytes:
    if pipe is None:
        return b""
    descriptor = pipe.fileno()
    os.set_blocking(descriptor, False)
    collected = bytearray()
    while data := await read_available(descriptor):
        collected += data
    return bytes(collected)


def _settle(future: "asyncio.Future[None]") -> None:
    with contextlib.suppress(asyncio.InvalidStateError):
        future.set_result(None)
