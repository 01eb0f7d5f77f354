"""A container's log: the lines that the monitor writes, read back as Docker's clients want them.

conmon's k8s-file format (the Kubernetes CRI log format) has one entry a line: `TIME STREAM TAG TEXT`. The tag is F
for a whole line, P for a part: the text of a P entry had no newline of its own. So the output is kept byte for byte.
"""

import asyncio
import os
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Final, NamedTuple

from engine import tasks
from engine.container.streams import Chunk, Stream
from engine.linux.inotify import FileWatch

_BLOCK: Final = 256 * 1024
_STREAMS: Final = {b"stdout": Stream.STDOUT, b"stderr": Stream.STDERR}


@dataclass(frozen=True, kw_only=True)
class LogOptions:
    """`since` and `until` are Unix nanoseconds, 0 for none; `tail` counts lines, None for all."""

    stdout: bool
    stderr: bool
    follow: bool = False
    timestamps: bool = False
    since: int = 0
    until: int = 0
    tail: int | None = None


class Entry(NamedTuple):
    """One entry; `time` as written (RFC 3339 with nine digits and an offset)."""

    time: bytes
    stream: Stream
    whole: bool
    text: bytes

    @property
    def data(self) -> bytes:
        return self.text + b"\n" if self.whole else self.text


def parse(line: bytes) -> Entry | None:
    """Read one line without its newline; None for one that is no entry (a write cut by a full disk)."""
    fields = line.split(b" ", 3)
    if len(fields) != 4 or fields[1] not in _STREAMS or fields[2] not in {b"F", b"P"}:
        return None
    return Entry(fields[0], _STREAMS[fields[1]], fields[2] == b"F", fields[3])


def nanoseconds(time: bytes) -> int:
    """Unix nanoseconds of an entry's time."""
    text = time.decode("ascii")
    seconds, _, rest = text.partition(".")
    moment = datetime.fromisoformat(seconds + rest[9:])
    return int(moment.timestamp()) * 1_000_000_000 + int(rest[:9])


def docker_time(time: bytes) -> bytes:
    """The time as `docker logs -t` prints it: UTC, with a Z."""
    if time.endswith(b"+00:00"):
        return time[:-6] + b"Z"
    total = nanoseconds(time)
    moment = datetime.fromtimestamp(total // 1_000_000_000, UTC)
    return f"{moment:%Y-%m-%dT%H:%M:%S}.{total % 1_000_000_000:09d}Z".encode()


async def read(path: Path, options: LogOptions, ended: asyncio.Event) -> AsyncIterator[Chunk]:
    """The log's chunks, oldest first; with `follow` until `ended` says that nobody writes any more.

    A file that is not there (the container never ran) is an empty log.
    """
    if not path.exists():
        return
    with path.open("rb") as file, FileWatch(path) as watch:
        if options.tail is not None:
            file.seek(await asyncio.to_thread(_tail_offset, file.fileno(), options))
        entries = _Selection(options)
        while True:
            finished = ended.is_set()  # asked before reading: what was written before the end is read after it
            while block := await _read_lines(file.fileno()):
                for chunk in entries.chunks(block):
                    yield chunk
                if entries.past_the_end:
                    return
            if not options.follow or finished:
                return
            await tasks.first(watch.changed(), ended.wait())


class _Selection:
    """Which entries are wanted, and how they are written."""

    def __init__(self, options: LogOptions) -> None:
        self._options = options
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
            if entry is None or not (options.stdout if entry.stream is Stream.STDOUT else options.stderr):
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
        """With its time in front, once a line: the parts of a long line follow one another without."""
        continues = self._line_open[entry.stream]
        self._line_open[entry.stream] = not entry.whole
        if not self._options.timestamps or continues:
            return entry.data
        return docker_time(entry.time) + b" " + entry.data


async def _read_lines(descriptor: int) -> bytes:
    """Whole lines from the file's position on, a block or more; empty when there is no whole line (yet)."""
    block = os.read(descriptor, _BLOCK)
    while block and not block.endswith(b"\n"):
        cut = block.rfind(b"\n") + 1
        if cut:
            os.lseek(descriptor, cut - len(block), os.SEEK_CUR)
            return block[:cut]
        more = os.read(descriptor, _BLOCK)
        if not more:
            os.lseek(descriptor, -len(block), os.SEEK_CUR)
            return b""
        block += more
    await asyncio.sleep(0)  # a long log is read in turns with everybody else's requests
    return block


def _tail_offset(descriptor: int, options: LogOptions) -> int:
    """Where the last `tail` lines of the wanted streams begin.

    Read backwards, each whole entry ends a line (an older one than all seen so far), and so does a part that
    nothing follows; other parts belong to the line of the entry after them.
    """
    wanted = {stream for stream, on in ((Stream.STDOUT, options.stdout), (Stream.STDERR, options.stderr)) if on}
    start = os.fstat(descriptor).st_size
    lines, seen = 0, set[Stream]()
    for offset, line in _reversed_lines(descriptor):
        entry = parse(line)
        if entry is None or entry.stream not in wanted:
            continue
        if entry.whole or entry.stream not in seen:
            if lines == options.tail:
                break
            lines += 1
        seen.add(entry.stream)
        start = offset
    return start


def _reversed_lines(descriptor: int) -> Iterator[tuple[int, bytes]]:
    """The file's whole lines with their offsets, the last first."""
    position = os.fstat(descriptor).st_size
    carried = b""
    while position > 0:
        size = min(_BLOCK, position)
        position -= size
        block = os.pread(descriptor, size, position) + carried
        first = block.find(b"\n") + 1 if position > 0 else 0
        carried, rest = block[:first], block[first:]
        offset = position + first + rest.rfind(b"\n") + 1
        for line in reversed(rest.split(b"\n")[:-1]):
            offset -= len(line) + 1
            yield offset, line
