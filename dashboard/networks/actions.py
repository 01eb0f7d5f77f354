"""What can be done to networks at once, without a job."""

from typing import Any

from aiodocker.networks import DockerNetwork

from dashboard.hosts.client import engine
from dashboard.hosts.models import Host


async def create(host: Host, body: dict[str, Any]) -> str:
    """Make a network from the body of `POST /networks/create`; answers its ID. Raises EngineFailure."""
    async with engine(host) as docker:
        made = await docker.networks.create(body)
        return str(made.id)


async def remove(host: Host, reference: str) -> None:
    """Remove a network. Raises EngineFailure where a container is in it, or where it comes with the engine."""
    async with engine(host) as docker:
        await DockerNetwork(docker, reference).delete()
