"""What a pull or a push says while it works: Docker's JSON messages, from many layers into one stream."""

import asyncio
import time
from collections.abc import AsyncIterator
from typing import Any, Final

from engine.errors import EngineError
from engine.ids import short_id

Message = dict[str, Any]
#: The least time between two messages on one layer's bar, in seconds (Docker's own).
_INTERVAL: Final = 0.1


class Progress:
    """Messages waiting to be read.

    A bar's next message takes the place of an earlier one that nobody has read, so a slow reader holds up nothing
    and what waits for it does not grow.
    """

    def __init__(self) -> None:
        self._waiting: dict[object, Message] = {}
        self._news = asyncio.Event()
        self._error: EngineError | None = None
        self._closed = False

    def say(self, status: str, name: str | None = None) -> None:
        """One line; `name` is what stands before it."""
        message: Message = {"status": status}
        if name is not None:
            message["id"] = name
        self._put(object(), message)

    def bar(self, layer: str, status: str, current: int, total: int) -> None:
        """Move a layer's bar."""
        detail = {"current": current, "total": total}
        self._put((layer, status), {"status": status, "progressDetail": detail, "id": layer})

    def layer(self, layer: str, status: str) -> None:
        """Change what a layer's line says, without a bar."""
        self._put(object(), {"status": status, "progressDetail": {}, "id": layer})

    def aux(self, value: Message) -> None:
        """What a program reads of the outcome."""
        self._put(object(), {"progressDetail": {}, "aux": value})

    def close(self, error: EngineError | None = None) -> None:
        """Nothing more will come; readers see `error` after the last message."""
        self._error = error
        self._closed = True
        self._news.set()

    async def __aiter__(self) -> AsyncIterator[Message]:
        while True:
            await self._news.wait()
            self._news.clear()
            waiting, self._waiting = self._waiting, {}
            for message in waiting.values():
                yield message
            if self._closed and not self._waiting:
                break
        if self._error is not None:
            raise self._error

    def _put(self, key: object, message: Message) -> None:
        self._waiting[key] = message
        self._news.set()


class LayerProgress:
    """One layer's line and bar; bars move ten times a second at most, and always to their end."""

    def __init__(self, progress: Progress, digest: str) -> None:
        self._progress = progress
        self._name = short_id(digest)
        self._shown = 0.0

    def say(self, status: str) -> None:
        self._progress.layer(self._name, status)

    def bar(self, status: str, current: int, total: int) -> None:
        now = time.monotonic()
        if current >= total or now - self._shown >= _INTERVAL:
            self._shown = now
            self._progress.bar(self._name, status, current, total)
