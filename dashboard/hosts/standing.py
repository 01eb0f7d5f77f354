"""How the hosts stand: each engine's own word, or why there is none."""

import asyncio
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from dashboard.hosts.client import EngineFailure, engine
from dashboard.hosts.models import Host

#: Seconds that an engine has to answer: a page is waiting.
PATIENCE_S: Final = 3.0


@dataclass(frozen=True)
class Standing:
    """`problem` is empty where the engine answers. Sizes in bytes."""

    host: Host
    version: str = ""
    running: int = 0
    containers: int = 0
    images: int = 0
    warnings: tuple[str, ...] = ()
    problem: str = ""


async def standings(hosts: Iterable[Host]) -> list[Standing]:
    """Ask all at once; one that is away keeps nobody waiting for longer than PATIENCE_S."""
    return list(await asyncio.gather(*(_ask(host) for host in hosts)))


async def _ask(host: Host) -> Standing:
    try:
        async with asyncio.timeout(PATIENCE_S), engine(host) as docker:
            return _read(host, await docker.system.info())
    except EngineFailure as failure:
        return Standing(host, problem=failure.message)
    except TimeoutError:
        return Standing(host, problem=f"The engine at {host.url} did not answer within {PATIENCE_S:.0f} s")


def _read(host: Host, info: Mapping[str, Any]) -> Standing:
    return Standing(
        host,
        version=info.get("ServerVersion", ""),
        running=int(info.get("ContainersRunning") or 0),
        containers=int(info.get("Containers") or 0),
        images=int(info.get("Images") or 0),
        warnings=tuple(info.get("Warnings") or ()),
    )
