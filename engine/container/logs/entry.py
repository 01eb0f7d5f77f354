"""One entry of a log, as the monitor writes it.

conmon's k8s-file format (the Kubernetes CRI log format) has one entry a line: `TIME STREAM TAG TEXT`. The tag is F
for a whole line, P for a part: the text of a P entry had no newline of its own. So the output is kept byte for byte.
"""

import re
from datetime import UTC, datetime
from typing import Final, NamedTuple

from engine.container.streams import Stream

_STREAMS: Final = {b"stdout": Stream.STDOUT, b"stderr": Stream.STDERR}
_HEAD: Final = re.compile(rb"^\S+ (?:stdout|stderr) ([FP]) ", re.MULTILINE)


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


def output_length(block: bytes) -> int:
    """How many bytes of output stand in whole lines of a log."""
    heads = [(match.end() - match.start(), match[1] == b"P") for match in _HEAD.finditer(block)]
    if len(heads) != block.count(b"\n"):
        return sum(len(entry.data) for line in block.split(b"\n") if (entry := parse(line)) is not None)
    return len(block) - sum(length + is_part for length, is_part in heads)


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
