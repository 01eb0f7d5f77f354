"""Asking an engine what its containers use."""

import asyncio
import json
from collections.abc import AsyncIterator, Iterable
from typing import Any, Final

from aiodocker import Docker
from aiodocker.exceptions import DockerError

from dashboard.hosts.client import stream
from dashboard.stats.usage import Usage

#: How many are asked at a time: enough to be quick, too few to keep others waiting.
AT_ONCE: Final = 8


async def running(docker: Docker) -> list[str]:
    """The IDs of the containers that run."""
    found: list[Any] = await docker.containers.list()
    return [container.id for container in found]


async def sample(docker: Docker, containers: Iterable[str]) -> dict[str, Usage]:
    """The counters of each of `containers` now; those that ended meanwhile are left out."""
    gate = asyncio.Semaphore(AT_ONCE)

    async def one(container: str) -> tuple[str, Usage | None]:
        async with gate:
            return container, await _once(docker, container)

    found = await asyncio.gather(*(one(container) for container in containers))
    return {container: usage for container, usage in found if usage is not None}


async def follow(docker: Docker, container: str) -> AsyncIterator[Usage | None]:
    """The counters each second, until the container is removed; None while it does not run. Raises DockerError."""
    async with stream(docker, f"containers/{container}/stats", {"stream": "1"}) as body:
        async for line in body:
            if line.strip():
                yield Usage.from_json(json.loads(line))


async def _once(docker: Docker, container: str) -> Usage | None:
    try:
        async with stream(docker, f"containers/{container}/stats", {"stream": "0", "one-shot": "1"}) as body:
            return Usage.from_json(json.loads(await body.read()))
    except DockerError:
        return None
