"""Reading a log back as Docker's clients want it."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from pathlib import Path

from engine import tasks
from engine.container.logs.cursor import Cursor
from engine.container.logs.entry import Entry, docker_time, nanoseconds, parse
from engine.container.logs.files import LogFiles
from engine.container.logs.tail import tail_start
from engine.container.streams import Chunk, Stream


@dataclass(frozen=True, kw_only=True)
class LogOptions:
    """`since` and `until` are Unix nanoseconds, 0 for none; `tail` counts lines, None for all.

    `details` stands before each line, with a space: what the container's log options tell of it, empty for nothing.
    """

    stdout: bool
    stderr: bool
    follow: bool = False
    timestamps: bool = False
    since: int = 0
    until: int = 0
    tail: int | None = None
    details: str | None = None

    @property
    def streams(self) -> frozenset[Stream]:
        asked = {Stream.STDOUT: self.stdout, Stream.STDERR: self.stderr}
        return frozenset(stream for stream, on in asked.items() if on)


async def read(path: Path, options: LogOptions, ended: asyncio.Event) -> AsyncIterator[Chunk]:
    """The log's chunks, oldest first; with `follow` until `ended` says that nobody writes any more.

    A file that is not there (the container never ran) is an empty log.
    """
    cursor = await _open(LogFiles(path), options)
    if cursor is None:
        return
    entries = Selection(options)
    with cursor:
        while True:
            finished = ended.is_set()  # asked before reading: what was written before the end is read after it
            while block := await cursor.lines():
                for chunk in entries.chunks(block):
                    yield chunk
                if entries.past_the_end:
                    return
            if not options.follow or finished:
                return
            await tasks.first(cursor.changed(), ended.wait())


async def _open(files: LogFiles, options: LogOptions) -> Cursor | None:
    """At the first wanted line; a file that a rotation removes meanwhile is looked for no more."""
    while listing := files.listing():
        try:
            if options.tail is None:
                return Cursor(files, listing[0])
            return Cursor(files, *await asyncio.to_thread(tail_start, listing, options.tail, options.streams))
        except FileNotFoundError:
            continue
    return None


class Selection:
    """Which entries are wanted, and how they are written."""

    def __init__(self, options: LogOptions) -> None:
        self._options = options
        self._streams = options.streams
        self._details = None if options.details is None else options.details.encode() + b" "
        self.past_the_end = False
        self._line_open = {Stream.STDOUT: False, Stream.STDERR: False}

    def chunks(self, block: bytes) -> Iterator[Chunk]:
        """Adjacent entries of one stream become one chunk."""
        pending: list[bytes] = []
        current = Stream.STDOUT
        for entry in self._wanted(block):
            if pending and entry.stream is not current:
                yield Chunk(current, b"".join(pending))
                pending = []
            current = entry.stream
            pending.append(self._written(entry))
        if pending:
            yield Chunk(current, b"".join(pending))

    def _wanted(self, block: bytes) -> Iterator[Entry]:
        options = self._options
        for line in block.split(b"\n"):
            entry = parse(line)
            if entry is None or entry.stream not in self._streams:
                continue
            if options.since or options.until:
                moment = nanoseconds(entry.time)
                if options.until and moment > options.until:
                    self.past_the_end = True
                    return
                if moment < options.since:
                    continue
            yield entry

    def _written(self, entry: Entry) -> bytes:
        """With its time and details in front, once a line: the parts of a long line follow one another without."""
        continues = self._line_open[entry.stream]
        self._line_open[entry.stream] = not entry.whole
        if continues:
            return entry.data
        time = docker_time(entry.time) + b" " if self._options.timestamps else b""
        return time + (self._details or b"") + entry.data
