"""What a build says: Docker's stream of messages, in the words of its classic builder."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from engine.ids import short_id

Message = Mapping[str, Any]
#: Messages that may wait for a slow client; then the steps wait.
_WAITING: Final = 256
_RED: Final = "\x1b[91m"
_PLAIN: Final = "\x1b[0m"


@dataclass(frozen=True, slots=True)
class _End:
    failure: Exception | None


class Messages:
    """Put by a build's stages, taken by one reader. `quiet` drops all but the end."""

    def __init__(self, *, quiet: bool = False) -> None:
        self._queue: asyncio.Queue[Message | _End] = asyncio.Queue(_WAITING)
        self._quiet = quiet

    async def put(self, message: Message) -> None:
        if not self._quiet:
            await self._queue.put(message)

    async def say(self, text: str) -> None:
        await self.put({"stream": text})

    async def step(self, number: int, total: int, text: str) -> None:
        await self.say(f"Step {number}/{total} : {text}\n")

    async def result(self, image_id: str) -> None:
        await self.say(f" ---> {short_id(image_id)}\n")

    async def output(self, text: str, is_error: bool) -> None:
        await self.say(f"{_RED}{text}{_PLAIN}" if is_error else text)

    async def conclude(self, message: Message) -> None:
        """A message that quiet builds have too."""
        await self._queue.put(message)

    async def end(self, failure: Exception | None) -> None:
        """Nothing follows; who reads is told of the failure."""
        await self._queue.put(_End(failure))

    async def __aiter__(self) -> AsyncIterator[Message]:
        while not isinstance(message := await self._queue.get(), _End):
            yield message
        if message.failure is not None:
            raise message.failure
