"""Sockets for signed-in users. The Origin is checked before, in `dashboard.asgi`."""

import asyncio
from collections.abc import Callable
from typing import Any, Final, cast

from asgiref.typing import WebSocketConnectEvent
from channels.auth import get_user
from channels.generic.websocket import AsyncWebsocketConsumer
from django.http.response import HttpResponseBase
from django.urls import URLPattern, path

from dashboard.background import spawn, stop

#: Close codes from 4000 on are the application's; these speak HTTP's language.
BAD_REQUEST: Final = 4400
UNAUTHORIZED: Final = 4401
NOT_FOUND: Final = 4404

#: How long a socket can outlive its session.
CHECK_SECONDS: Final = 30


class SignedInConsumer(AsyncWebsocketConsumer):
    """A consumer that strangers never reach: their handshake is refused (403) before `connect()` runs.

    It ends with the session as well: a sign-out, a changed password or a closed account closes it with UNAUTHORIZED.
    """

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        watch = spawn(self._end_with_session(scope), name=f"session of {scope['path']}")
        try:
            await super().__call__(scope, receive, send)
        finally:
            await stop(watch)

    async def websocket_connect(self, message: WebSocketConnectEvent) -> None:
        user = self.scope["user"]
        if user is not None and user.is_authenticated and user.is_active:
            await super().websocket_connect(message)
        else:
            await self.close(code=UNAUTHORIZED)

    async def _end_with_session(self, scope: Any) -> None:
        while True:
            await asyncio.sleep(CHECK_SECONDS)
            if not await _is_signed_in(scope["session"]):
                await self.close(code=UNAUTHORIZED)
                return


def socket_path(route: str, consumer: type[SignedInConsumer]) -> URLPattern:
    """`path()` for a socket: Channels routes ASGI applications by Django's patterns, which are typed for views."""
    return path(route, cast("Callable[..., HttpResponseBase]", consumer.as_asgi()))


async def _is_signed_in(session: Any) -> bool:
    """Ask the database, not the session that was loaded when the socket opened."""
    # Not type(session): Channels hands out a lazy stand-in, whose __class__ is the store's.
    fresh: Any = {"session": session.__class__(session.session_key)}
    user: Any = await get_user(fresh)
    return bool(user.is_authenticated and user.is_active)
