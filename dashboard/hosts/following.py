"""Sockets that pass on what an engine streams."""

import asyncio
from http import HTTPStatus
from typing import Any, Final

from dashboard.access.sockets import BAD_REQUEST, NOT_FOUND, SignedInConsumer
from dashboard.background import spawn, stop
from dashboard.hosts.client import EngineFailure
from dashboard.hosts.models import Host

#: RFC 6455's code for a good end, and IANA's for "the page comes again after a while".
ENDED: Final = 1000
TRY_AGAIN: Final = 1013
#: Of a reason: a close frame holds no more than 123 bytes.
_REASON_LIMIT: Final = 100


class FollowingConsumer(SignedInConsumer):
    """Follows something of the host in its address until that ends, or the page goes. It reads nothing.

    A subclass has `follow`, and `understand` where the address has a query. Sending waits for a slow browser, which
    holds back the engine's stream in turn: nothing piles up here.
    """

    _task: asyncio.Task[None] | None = None

    def understand(self, query: bytes) -> Any:
        """What is asked for, to be given to `follow`. Raises ValueError, whose text the page is told."""
        return None

    async def follow(self, host: Host, parts: dict[str, Any], asked: Any) -> None:
        """Send what there is. Raises EngineFailure; ValueError for what can't be read."""
        raise NotImplementedError

    async def connect(self) -> None:
        parts = self.scope["url_route"]["kwargs"]
        host = await Host.objects.filter(name=parts["host"]).afirst()
        await self.accept()
        if host is None:
            await self.close(code=NOT_FOUND)
            return
        try:
            asked = self.understand(self.scope["query_string"])
        except ValueError as error:
            await self.close(code=BAD_REQUEST, reason=str(error)[:_REASON_LIMIT])
            return
        self._task = spawn(self._run(host, parts, asked), name=f"follow {self.scope['path']}")

    async def disconnect(self, code: int) -> None:
        if self._task is not None:
            await stop(self._task)

    async def _run(self, host: Host, parts: dict[str, Any], asked: Any) -> None:
        try:
            await self.follow(host, parts, asked)
        except EngineFailure as failure:
            is_gone = failure.status == HTTPStatus.NOT_FOUND
            await self.close(code=NOT_FOUND if is_gone else TRY_AGAIN, reason=failure.message[:_REASON_LIMIT])
        except ValueError as error:  # what is no JSON, or a line longer than the reader's
            await self.close(code=TRY_AGAIN, reason=str(error)[:_REASON_LIMIT])
        else:
            await self.close(code=ENDED)
