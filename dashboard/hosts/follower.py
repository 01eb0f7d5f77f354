"""Follows each host's engine and tells the host's channel group what changes.

Every web process runs a follower, and of all of them one follows a host at a time: the one that holds the host's lock
in Redis. A process that dies lets the lock expire, and another takes over; it sends `up`, at which pages ask for all
that they show again, so that no change is lost in between.
"""

import asyncio
import json
import logging
from collections.abc import AsyncIterator, Callable, Coroutine, Sequence
from contextlib import asynccontextmanager, suppress
from typing import Any, Final

import aiohttp
from channels.db import aclose_old_connections
from channels.layers import get_channel_layer
from django.conf import settings
from django.db import DatabaseError
from redis.asyncio import Redis
from redis.asyncio.lock import Lock
from redis.exceptions import RedisError

from dashboard.background import spawn, stop
from dashboard.hosts.client import EngineFailure, engine, stream
from dashboard.hosts.live import DOWN, UP, Change
from dashboard.hosts.models import Host

log = logging.getLogger(__name__)

LOCK_SECONDS: Final = 15
RENEW_SECONDS: Final = 5
ROLL_CALL_SECONDS: Final = 10
FIRST_RETRY_SECONDS: Final = 0.25
LAST_RETRY_SECONDS: Final = 5.0


#: Further work that one process does for a host, as long as it holds the host's lock.
Work = Callable[[Host], Coroutine[Any, Any, None]]


async def follow_all(*more: Work) -> None:
    """Follow every host that the database names, for ever, and do `more` for each of them.

    Hosts that come or go are noticed at the next roll call.
    """
    tasks: dict[tuple[str, str], asyncio.Task[None]] = {}
    try:
        while True:
            await _call_roll(tasks, more)
            await asyncio.sleep(ROLL_CALL_SECONDS)
    finally:
        for task in tasks.values():
            await stop(task)


async def _call_roll(tasks: dict[tuple[str, str], asyncio.Task[None]], more: Sequence[Work]) -> None:
    """Start and stop tasks so that there is one for each host at its present address."""
    try:
        hosts = {(host.name, host.url): host async for host in Host.objects.all()}
    except DatabaseError as error:
        log.warning("Following goes on with the hosts known so far: %s", error)
        return
    finally:
        await aclose_old_connections()
    for gone in tasks.keys() - hosts.keys():
        await stop(tasks.pop(gone))
    for new in hosts.keys() - tasks.keys():
        tasks[new] = spawn(follow(hosts[new], *more), name=f"follow {hosts[new].name}")


async def follow(host: Host, *more: Work) -> None:
    """Follow one host for ever: wait for its lock, then listen (and do `more`) as long as the lock holds."""
    while True:
        try:
            async with Redis.from_url(settings.REDIS_URL) as redis:
                lock = redis.lock(f"portside.follow.{host.name}", timeout=LOCK_SECONDS, sleep=RENEW_SECONDS / 2)
                async with _held(lock):
                    await _work_while_locked(host, lock, more)
        except* RedisError as errors:
            log.warning("Following %s: no lock: %s", host.name, errors.exceptions[0])
        await asyncio.sleep(LAST_RETRY_SECONDS)


@asynccontextmanager
async def _held(lock: Lock) -> AsyncIterator[None]:
    """Hold `lock`. One that was lost meanwhile is not released, and that is no reason to forget a cancellation."""
    await lock.acquire()
    try:
        yield
    finally:
        with suppress(RedisError):
            await lock.release()


async def _work_while_locked(host: Host, lock: Lock, more: Sequence[Work]) -> None:
    async with asyncio.TaskGroup() as group:
        for work in (_listen, *more):
            group.create_task(work(host), name=f"{work.__name__} {host.name}")
        while True:
            await asyncio.sleep(RENEW_SECONDS)
            await lock.reacquire()


async def _listen(host: Host) -> None:
    """Pass on changes; while the engine is away, try it again ever more slowly."""
    delay = FIRST_RETRY_SECONDS
    while True:
        try:
            async for change in changes(host):
                delay = FIRST_RETRY_SECONDS
                await _tell(host, change)
        except (EngineFailure, ValueError) as error:  # ValueError: a line that is no JSON, or longer than the reader's
            log.info("Following %s: %s", host.name, error)
        await _tell(host, DOWN)
        await asyncio.sleep(delay)
        delay = min(delay * 2, LAST_RETRY_SECONDS)


async def changes(host: Host) -> AsyncIterator[Change]:
    """UP, and then each change, until the engine ends the stream. Raises EngineFailure."""
    async with engine(host) as docker, stream(docker, "events", {}) as body:
        yield UP
        async for line in _lines(body):
            if change := Change.from_event(json.loads(line)):
                yield change


async def _lines(body: aiohttp.StreamReader) -> AsyncIterator[bytes]:
    async for line in body:
        if line.strip():
            yield line


async def _tell(host: Host, change: Change) -> None:
    layer = get_channel_layer()
    if layer is not None:
        await layer.group_send(host.group, change.message())
