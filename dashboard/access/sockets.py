"""Sockets for those who may. The Origin is checked before, in `dashboard.asgi`."""

import asyncio
from collections.abc import Callable
from typing import Any, ClassVar, Final, cast

from asgiref.typing import WebSocketConnectEvent
from channels.auth import get_user
from channels.generic.websocket import AsyncWebsocketConsumer
from django.core.exceptions import PermissionDenied
from django.http import Http404
from django.http.response import HttpResponseBase
from django.urls import URLPattern, path

from dashboard.access.decision import meet
from dashboard.access.need import Need
from dashboard.access.rights import NONE, Rights, arights_of
from dashboard.background import spawn, stop
from dashboard.hosts.client import EngineFailure

#: Close codes from 4000 on are the application's; these speak HTTP's language.
BAD_REQUEST: Final = 4400
UNAUTHORIZED: Final = 4401
FORBIDDEN: Final = 4403
NOT_FOUND: Final = 4404

#: How long a socket can outlive its session, or the right to it.
CHECK_SECONDS: Final = 4
#: The page comes again after a while.
_TRY_AGAIN: Final = 1013


class SignedInConsumer(AsyncWebsocketConsumer):
    """A consumer that only those reach who meet its `need`: others' handshake is refused (403) before `connect()` runs.

    It ends with the session or the right as well: a sign-out, a changed password, a closed account, a role that was
    taken away close it. A subclass declares its `need`; one that doesn't refuses everybody.
    """

    need: ClassVar[Need | None] = None
    rights: Rights = NONE

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        watch = spawn(self._end_with_right(scope), name=f"right to {scope['path']}")
        try:
            await super().__call__(scope, receive, send)
        finally:
            await stop(watch)

    async def websocket_connect(self, message: WebSocketConnectEvent) -> None:
        user = self.scope["user"]
        code = UNAUTHORIZED
        if user is not None and user.is_authenticated and user.is_active:
            code = await self._refusal(self.scope, user)
        if code:
            await self.close(code=code)
        else:
            await super().websocket_connect(message)

    async def _end_with_right(self, scope: Any) -> None:
        while True:
            await asyncio.sleep(CHECK_SECONDS)
            user = await session_user(scope)
            code = await self._refusal(scope, user) if user is not None else UNAUTHORIZED
            if code in {UNAUTHORIZED, FORBIDDEN}:
                await self.close(code=code)
                return

    async def _refusal(self, scope: Any, user: Any) -> int:
        """The close code that tells why `user` may not; 0 where they may."""
        self.rights = await arights_of(user)
        try:
            await meet(self.need, self.rights, scope["url_route"]["kwargs"])
        except PermissionDenied:
            return FORBIDDEN
        except Http404:
            return NOT_FOUND
        except EngineFailure as failure:
            return _TRY_AGAIN if failure.is_unreachable else NOT_FOUND
        return 0


def socket_path(route: str, consumer: type[SignedInConsumer]) -> URLPattern:
    """`path()` for a socket: Channels routes ASGI applications by Django's patterns, which are typed for views."""
    return path(route, cast("Callable[..., HttpResponseBase]", consumer.as_asgi()))


async def session_user(scope: Any) -> Any:
    """The user whose session a connection belongs to; None once they have signed out or their account was closed.

    Asks the database, not the session that was loaded when the socket opened.
    """
    session = scope["session"]
    # Not type(session): Channels hands out a lazy stand-in, whose __class__ is the store's.
    fresh: Any = {"session": session.__class__(session.session_key)}
    user: Any = await get_user(fresh)
    return user if user.is_authenticated and user.is_active else None
