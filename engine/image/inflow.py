"""A blob that is read while it comes in: from its first byte on, by a process that is told of each further one.

What is read so has not been verified. That is the reader's business: it may not make anything of it before the
end, which comes only once the blob was found right.
"""

import asyncio
import contextlib
import os
from pathlib import Path
from types import TracebackType
from typing import IO, Self


class Inflow:
    """The way of one blob from who writes it to one reader. Leave the block, and all descriptors are closed.

    `news` is the pipe that tells a reader of more bytes (`engine.image.unpack.source`).
    """

    def __init__(self) -> None:
        self.news, self._telling = os.pipe2(os.O_CLOEXEC | os.O_NONBLOCK)
        os.set_blocking(self.news, True)
        self._file: asyncio.Future[IO[bytes]] = asyncio.get_running_loop().create_future()
        self.is_over = False

    # Whoever writes

    def begin(self, path: Path) -> None:
        """From here on the bytes are in the file at `path`, wherever that is renamed to."""
        self._file.set_result(path.open("rb", buffering=0))

    def grew(self) -> None:
        """The file has more bytes than before."""
        if not self.is_over:
            with contextlib.suppress(BlockingIOError, BrokenPipeError):  # there is news enough, or nobody reads
                os.write(self._telling, b"+")

    def end(self) -> None:
        """No more will come: the blob is whole, or the bytes so far were not its own."""
        if not self.is_over:
            self.is_over = True
            os.close(self._telling)

    # Whoever reads

    async def path(self) -> Path:
        """Where the bytes can be read, as soon as the first can, until the block is left."""
        return Path(f"/proc/self/fd/{(await self._file).fileno()}")

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.end()
        os.close(self.news)
        if not self._file.cancel():
            self._file.result().close()
