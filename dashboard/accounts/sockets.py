"""Sockets for signed-in users. The Origin is checked before, in `dashboard.asgi`."""

from collections.abc import Callable
from typing import Final, cast

from asgiref.typing import WebSocketConnectEvent
from channels.generic.websocket import AsyncWebsocketConsumer
from django.http.response import HttpResponseBase
from django.urls import URLPattern, path

#: Close codes from 4000 on are the application's; these speak HTTP's language.
UNAUTHORIZED: Final = 4401
BAD_REQUEST: Final = 4400
NOT_FOUND: Final = 4404


class SignedInConsumer(AsyncWebsocketConsumer):
    """A consumer that strangers never reach: their handshake is refused (403) before `connect()` runs."""

    async def websocket_connect(self, message: WebSocketConnectEvent) -> None:
        user = self.scope["user"]
        if user is not None and user.is_authenticated and user.is_active:
            await super().websocket_connect(message)
        else:
            await self.close(code=UNAUTHORIZED)


def socket_path(route: str, consumer: type[SignedInConsumer]) -> URLPattern:
    """`path()` for a socket: Channels routes ASGI applications by Django's patterns, which are typed for views."""
    return path(route, cast("Callable[..., HttpResponseBase]", consumer.as_asgi()))
