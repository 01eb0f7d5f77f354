"""Logs in the host's journal (systemd-journald): the monitor writes them there, `journalctl` reads them back.

What it says is put into the words of a log's file (`entry`), so that all that can be asked of a log holds here too. A
journal has bounds of its own (journald.conf), and entries that fell out of them are gone.
"""

import json
import os
import subprocess
from asyncio import Event, shield
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from engine import tasks
from engine.container.logs.reader import LogOptions, Selection
from engine.container.streams import Chunk, Stream
from engine.errors import NotSupported
from engine.linux import waiting

SOCKET: Final = Path("/run/systemd/journal/socket")
_PROGRAM: Final = "journalctl"
#: syslog's words for what the monitor writes: `info` for standard output, `err` for standard error.
_PRIORITIES: Final = {Stream.STDOUT: "6", Stream.STDERR: "3"}
_NAMES: Final = {"6": b"stdout", "3": b"stderr"}
_MICROSECONDS: Final = 1_000_000


def is_present() -> bool:
    return SOCKET.exists()


def check_present() -> None:
    """Raise NotSupported on a host without journald."""
    if not is_present():
        raise NotSupported(f"log driver 'journald' is not supported on this host: journald's {SOCKET} is not there")


async def read(container_id: str, options: LogOptions, ended: Event) -> AsyncIterator[Chunk]:
    """The log's chunks, the oldest first; with `follow` until `ended` says that nobody writes any more."""
    selection, place = Selection(options), _Place(container_id, options)
    while True:
        finished = ended.is_set()
        if finished:
            await waiting.run([_PROGRAM, "--sync"])  # what was sent before the end is in the journal then
        async for block in _blocks(place):
            for chunk in selection.chunks(block):
                yield chunk
            if selection.past_the_end:
                return
        if not options.follow or finished:
            return
        await _something_new(place, ended)


class _Place:
    """Which entries are still to be read."""

    def __init__(self, container_id: str, options: LogOptions) -> None:
        self._container_id = container_id
        self._options = options
        self._cursor = ""

    @property
    def shows_nothing_yet(self) -> bool:
        """`tail=0`: the last entry is only looked up, to begin behind it."""
        return self._options.tail == 0 and not self._cursor

    def rest(self) -> list[str]:
        """How to read what there is from here on."""
        tail = self._options.tail
        return self._argv([] if tail is None or self._cursor else [f"--lines={max(tail, 1)}"])

    def news(self) -> list[str]:
        """How to wait for more."""
        return self._argv(["--follow", "--no-tail"])

    def pass_over(self, entry: dict[str, Any]) -> None:
        self._cursor = entry["__CURSOR"]

    def _argv(self, more: Sequence[str]) -> list[str]:
        argv = [_PROGRAM, "--output=json", "--all", "--quiet", "--no-pager", *more]
        if self._cursor:
            argv.append(f"--after-cursor={self._cursor}")
        if self._options.since:
            argv.append(f"--since=@{self._options.since // (1000 * _MICROSECONDS)}")
        wanted = [f"PRIORITY={_PRIORITIES[stream]}" for stream in self._options.streams]
        return [*argv, f"CONTAINER_ID_FULL={self._container_id}", *(wanted if len(wanted) == 1 else [])]


async def _blocks(place: _Place) -> AsyncIterator[bytes]:
    """All that is in the journal by now, as lines of a log's file."""
    rest = b""
    async with _running(place.rest()) as output:
        while data := await waiting.read_available(output):
            *lines, rest = (rest + data).split(b"\n")
            entries = [json.loads(line) for line in lines]
            if entries and not place.shows_nothing_yet:
                yield b"".join(map(_line, entries))
            if entries:
                place.pass_over(entries[-1])


async def _something_new(place: _Place, ended: Event) -> None:
    async with _running(place.news()) as output:
        await tasks.first(waiting.readable(output), ended.wait())


@asynccontextmanager
async def _running(argv: Sequence[str]) -> AsyncIterator[int]:
    pipe = subprocess.PIPE
    process = subprocess.Popen(argv, stdin=subprocess.DEVNULL, stdout=pipe, stderr=subprocess.DEVNULL)  # noqa: ASYNC220
    assert process.stdout is not None  # noqa: S101 -- for mypy
    with process:
        try:
            os.set_blocking(process.stdout.fileno(), False)
            yield process.stdout.fileno()
        finally:
            process.kill()
            await shield(waiting.process_end(process.pid))


def _line(entry: dict[str, Any]) -> bytes:
    text = _bytes(entry.get("MESSAGE") or "")
    tag = b"P" if entry.get("CONTAINER_PARTIAL_MESSAGE") == "true" else b"F"
    name = _NAMES.get(entry.get("PRIORITY", ""), b"stdout")
    return b" ".join((_time(entry), name, tag, text.removesuffix(b"\n"))) + b"\n"


def _bytes(message: str | list[int]) -> bytes:
    """What is no text comes as a list of numbers."""
    return message.encode(errors="surrogatepass") if isinstance(message, str) else bytes(message)


def _time(entry: dict[str, Any]) -> bytes:
    seconds, rest = divmod(int(entry.get("_SOURCE_REALTIME_TIMESTAMP") or entry["__REALTIME_TIMESTAMP"]), _MICROSECONDS)
    return f"{datetime.fromtimestamp(seconds, UTC):%Y-%m-%dT%H:%M:%S}.{rest:06d}000+00:00".encode()
