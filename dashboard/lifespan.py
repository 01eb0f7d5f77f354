"""What runs as long as the web process does."""

from typing import Any

from asgiref.typing import ASGIReceiveCallable, ASGISendCallable

from dashboard.background import spawn, stop
from dashboard.hosts.follower import follow_all
from dashboard.stats.collector import collect
from dashboard.terminal.keeper import keep_terminals


class Lifespan:
    """The ASGI lifespan protocol: the background tasks start at `lifespan.startup` and end at `lifespan.shutdown`."""

    async def __call__(self, _scope: Any, receive: ASGIReceiveCallable, send: ASGISendCallable) -> None:
        await receive()
        running = [spawn(follow_all(collect), name="follow all hosts"), spawn(keep_terminals(), name="keep terminals")]
        await send({"type": "lifespan.startup.complete"})
        await receive()
        for task in running:
            await stop(task)
        await send({"type": "lifespan.shutdown.complete"})
