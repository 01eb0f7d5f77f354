"""Sessions for the hijack's tests: what a container's process would be, in this process."""

import asyncio
from collections.abc import AsyncIterator

from engine.container.service import AttachOptions
from engine.container.streams import Chunk, Stream


class Echo:
    """Like `cat`: writes what it reads, and ends at the end of input. Remembers what became of it."""

    def __init__(self, *, tty: bool = False, stream: Stream = Stream.STDOUT) -> None:
        self.tty = tty
        self.stream = stream
        self.input = bytearray()
        self.closed = asyncio.Event()
        self.detached = asyncio.Event()
        self._queue: asyncio.Queue[bytes | None] = asyncio.Queue(4)

    async def __aiter__(self) -> AsyncIterator[Chunk]:
        while (data := await self._queue.get()) is not None:
            yield Chunk(self.stream, data)

    async def write(self, data: bytes) -> None:
        self.input += data
        await self._queue.put(data)

    async def close_stdin(self) -> None:
        await self._queue.put(None)

    async def detach(self) -> None:
        self.detached.set()

    async def close(self) -> None:
        self.closed.set()


class Silent(Echo):
    """Like `sleep`: reads, says nothing, and does not end at the end of input."""

    def __init__(self, *, tty: bool = False) -> None:
        super().__init__(tty=tty)
        self.input_ended = asyncio.Event()

    async def write(self, data: bytes) -> None:
        self.input += data

    async def close_stdin(self) -> None:
        self.input_ended.set()


class Speaker(Echo):
    """Says what it was given, reads nothing, and ends."""

    def __init__(self, chunks: list[Chunk], *, tty: bool = False) -> None:
        super().__init__(tty=tty)
        self.chunks = chunks

    async def __aiter__(self) -> AsyncIterator[Chunk]:
        for chunk in self.chunks:
            yield chunk

    async def write(self, data: bytes) -> None:
        await asyncio.Event().wait()


class Attachable:
    """A containers' service that has one session to give. `gate` can hold it back."""

    def __init__(self, session: Echo) -> None:
        self.session = session
        self.gate = asyncio.Event()
        self.gate.set()
        self.asked: list[tuple[str, AttachOptions]] = []

    async def attach(self, ref: str, options: AttachOptions) -> Echo:
        self.asked.append((ref, options))
        await self.gate.wait()
        return self.session
