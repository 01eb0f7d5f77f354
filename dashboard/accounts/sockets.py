"""Sockets for signed-in users. The Origin is checked before, in `dashboard.asgi`."""

from typing import Any, Final

from channels.generic.websocket import AsyncWebsocketConsumer

#: Close codes from 4000 on are the application's; these two speak HTTP's language.
UNAUTHORIZED: Final = 4401
NOT_FOUND: Final = 4404


class SignedInConsumer(AsyncWebsocketConsumer):
    """A consumer that strangers never reach: their handshake is refused (403) before `connect()` runs."""

    async def websocket_connect(self, message: dict[str, Any]) -> None:
        user = self.scope["user"]
        if user.is_authenticated and user.is_active:
            await super().websocket_connect(message)
        else:
            await self.close(code=UNAUTHORIZED)
