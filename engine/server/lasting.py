"""Requests that last: they end with their client, and with the engine."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final

from aiohttp import web

from engine import tasks
from engine.server.connection import Connection

_Tasks = set[asyncio.Task[Any]]
LASTING: Final = web.AppKey("lasting", _Tasks)


@contextmanager
def lasting(request: web.Request, *, client_ends_it: bool = True) -> Iterator[None]:
    """Within the block the handler's task is cancelled when the engine goes down, and when the client goes.

    A session on a hijacked connection sees for itself what its client does: `client_ends_it` is false there.
    """
    task = asyncio.current_task()
    if task is None:
        raise RuntimeError("a request is handled outside of a task")
    owner = request.app[LASTING]
    connection = Connection.of(request)
    owner.add(task)
    if client_ends_it:
        connection.end_with(task)
    try:
        yield
    finally:
        connection.end_with(None)
        owner.discard(task)


async def end_all(app: web.Application) -> None:
    """The engine goes down: end every request that lasts."""
    await tasks.cancel_all(app[LASTING])
