"""What flows in and out of a container's or an exec's process, as seen by one attached client."""

from collections.abc import AsyncIterator
from enum import IntEnum
from typing import NamedTuple, Protocol


class Stream(IntEnum):
    """The numbers are those of Docker's multiplexed frames (and of the attach socket's packets)."""

    STDIN = 0
    STDOUT = 1
    STDERR = 2


class Chunk(NamedTuple):
    """Some bytes of one stream; with a TTY all is STDOUT."""

    stream: Stream
    data: bytes


class Session(Protocol):
    """One client's attachment. The chunks end when the process (or the attachment) has ended."""

    tty: bool

    def __aiter__(self) -> AsyncIterator[Chunk]: ...

    async def write(self, data: bytes) -> None:
        """Send to the process's stdin; waits while the process does not read. Dropped when stdin is closed."""

    async def close_stdin(self) -> None:
        """The client has said all (half-close)."""

    async def detach(self) -> None:
        """The client leaves on purpose (detach keys): the process goes on as it is. Idempotent."""

    async def close(self) -> None:
        """The client is gone, which a process on a terminal is told (hangup). Idempotent; nothing after `detach`."""
