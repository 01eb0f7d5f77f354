"""What runs as long as the web process does."""

from typing import Any

from asgiref.typing import ASGIReceiveCallable, ASGISendCallable

from dashboard.background import spawn, stop
from dashboard.hosts.follower import follow_all
from dashboard.stats.collector import collect


class Lifespan:
    """The ASGI lifespan protocol: the followers start at `lifespan.startup` and end at `lifespan.shutdown`."""

    async def __call__(self, _scope: Any, receive: ASGIReceiveCallable, send: ASGISendCallable) -> None:
        await receive()
        followers = spawn(follow_all(collect), name="follow all hosts")
        await send({"type": "lifespan.startup.complete"})
        await receive()
        await stop(followers)
        await send({"type": "lifespan.shutdown.complete"})
