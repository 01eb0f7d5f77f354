"""A stream from the event loop to a child, in large pieces: each is one hop to a thread, and few turns of a child."""

import contextlib
import fcntl
import os
from collections.abc import AsyncIterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Final

from engine.image.threads import finish_in_thread

#: Bytes: what a pipe may hold without a privilege (pipe(7), pipe-max-size).
_PIPE: Final = 1 << 20


@dataclass(slots=True)
class Feed:
    """A pipe that the engine writes to and a child reads from."""

    reading: int
    _writing: int

    def hand_over(self) -> None:
        """The child has its end by now: it sees the end of the stream once ours is closed."""
        os.close(self.reading)
        self.reading = -1

    async def send(self, body: AsyncIterable[bytes]) -> None:
        """Write all of the body, and close the pipe. A child that has had enough does not wait for the rest."""
        pending = bytearray()
        try:
            async for piece in body:
                pending += piece
                if len(pending) >= _PIPE:
                    await finish_in_thread(_write, self._writing, pending)
                    pending = bytearray()
            await finish_in_thread(_write, self._writing, pending)
        except BrokenPipeError:
            return
        finally:
            self._close_writing()

    def close(self) -> None:
        if self.reading >= 0:
            self.hand_over()
        self._close_writing()

    def _close_writing(self) -> None:
        if self._writing >= 0:
            os.close(self._writing)
            self._writing = -1


@contextmanager
def new_feed() -> Iterator[Feed]:
    """A pipe; what is still open of it when the block is left, is closed."""
    feed = Feed(*os.pipe2(os.O_CLOEXEC))
    with contextlib.suppress(PermissionError):  # this user has many pipes already: a small one is as good
        fcntl.fcntl(feed.reading, fcntl.F_SETPIPE_SZ, _PIPE)
    try:
        yield feed
    finally:
        feed.close()


def _write(descriptor: int, data: bytearray) -> None:
    view = memoryview(data)
    while view:
        view = view[os.write(descriptor, view) :]
