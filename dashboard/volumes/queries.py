"""Volumes, asked of a host's engine."""

from aiodocker.volumes import DockerVolume

from dashboard.containers.queries import list_containers
from dashboard.hosts.client import engine
from dashboard.hosts.models import Host
from dashboard.volumes.volume import Volume


async def list_volumes(host: Host) -> list[Volume]:
    """All volumes by name, with the containers that use them. Raises EngineFailure."""
    async with engine(host) as docker:
        answer = await docker.volumes.list()
    containers = await list_containers(host)
    volumes = (Volume.from_json(entry, containers) for entry in answer["Volumes"] or ())
    return sorted(volumes, key=lambda volume: volume.name)


async def list_unused(host: Host) -> list[Volume]:
    """The volumes that no container uses, not even a stopped one: what a prune removes."""
    return [volume for volume in await list_volumes(host) if not volume.containers]


async def get_volume(host: Host, name: str) -> Volume:
    """One volume. Raises EngineFailure."""
    async with engine(host) as docker:
        answer = await DockerVolume(docker, name).show()
    return Volume.from_json(answer, await list_containers(host, volume=[name]))
