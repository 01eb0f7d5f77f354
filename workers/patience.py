"""An engine that goes away in the middle of a job, as it does when it is restarted, and comes back."""

import asyncio
from collections.abc import Iterator
from typing import Final

import aiohttp

from dashboard.hosts.client import EngineFailure, engine
from dashboard.hosts.models import Host

#: Seconds that an engine has to come back: a restart takes a few.
RETURN: Final = 60.0
PAUSE: Final = 0.25


def was_cut_off(failure: EngineFailure) -> bool:
    """Whether the engine was there, and then was not. One that never answered is a failure, and no restart."""
    if not failure.is_unreachable:
        return False
    return not any(isinstance(error, aiohttp.ClientConnectorError) for error in _causes(failure))


async def returns(host: Host) -> bool:
    """Wait until the engine answers; False when it does not for too long."""
    try:
        async with asyncio.timeout(RETURN):
            while True:
                if await _answers(host):
                    return True
                await asyncio.sleep(PAUSE)
    except TimeoutError:
        return False


async def _answers(host: Host) -> bool:
    try:
        async with engine(host) as docker:
            await docker.version()
    except EngineFailure:
        return False
    return True


def _causes(error: BaseException) -> Iterator[BaseException]:
    while (cause := error.__cause__ or error.__context__) is not None:
        yield cause
        error = cause
