"""What can be done to volumes at once, without a job."""

from collections.abc import Iterable
from typing import Any

from aiodocker.volumes import DockerVolume

from dashboard.hosts.bulk import for_each
from dashboard.hosts.client import engine
from dashboard.hosts.models import Host


async def create(host: Host, options: dict[str, Any]) -> str:
    """Make a volume from the API's `VolumeCreateOptions`; answers its name. Raises EngineFailure."""
    async with engine(host) as docker:
        made = await docker.volumes.create(options)
        return str(made.name)


async def remove(host: Host, name: str) -> None:
    """Remove a volume and all that is in it. Raises EngineFailure where a container uses it."""
    async with engine(host) as docker:
        await DockerVolume(docker, name).delete()


async def remove_all(host: Host, names: Iterable[str]) -> None:
    """Remove those that were shown and confirmed, one by one, and not what the engine finds unused meanwhile.

    Raises one EngineFailure for all that were refused.
    """
    await for_each(names, lambda name: remove(host, name))
