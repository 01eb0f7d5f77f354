"""Networks, asked of a host's engine."""

from aiodocker.networks import DockerNetwork

from dashboard.containers.queries import list_containers
from dashboard.hosts.client import engine
from dashboard.hosts.models import Host
from dashboard.networks.network import Network


async def list_networks(host: Host) -> list[Network]:
    """All networks by name, with the containers that are configured for them. Raises EngineFailure."""
    async with engine(host) as docker:
        answer = await docker.networks.list()
    containers = await list_containers(host)
    return sorted((Network.from_json(entry, containers) for entry in answer), key=lambda network: network.name)


async def get_network(host: Host, reference: str) -> Network:
    """One network by name or ID. Raises EngineFailure."""
    async with engine(host) as docker:
        answer = await DockerNetwork(docker, reference).show()
    return Network.from_json(answer, await list_containers(host))
