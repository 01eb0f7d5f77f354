"""What runs as long as the web process does."""

from typing import Any

from asgiref.typing import ASGIReceiveCallable, ASGISendCallable


class Lifespan:
    """The ASGI lifespan protocol: start at `lifespan.startup`, stop at `lifespan.shutdown`."""

    async def __call__(self, scope: Any, receive: ASGIReceiveCallable, send: ASGISendCallable) -> None:
        await receive()
        await send({"type": "lifespan.startup.complete"})
        await receive()
        await send({"type": "lifespan.shutdown.complete"})
