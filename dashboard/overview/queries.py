"""A host at a glance, asked of its engine."""

import asyncio
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass

from dashboard.containers.queries import list_containers
from dashboard.containers.state import State
from dashboard.hosts.client import engine
from dashboard.hosts.models import Host
from dashboard.networks.queries import list_networks
from dashboard.overview.facts import Facts
from dashboard.volumes.queries import list_volumes


@dataclass(frozen=True)
class Glance:
    """How much of each there is on a host. `states` has the states of containers that occur, and their numbers."""

    facts: Facts
    states: Mapping[State, int]
    volumes: int
    networks: int

    @property
    def containers(self) -> int:
        return sum(self.states.values())


async def glance(host: Host) -> Glance:
    """Raises EngineFailure."""
    facts, containers, volumes, networks = await asyncio.gather(
        _facts(host), list_containers(host), list_volumes(host), list_networks(host)
    )
    counted = Counter(container.state for container in containers)
    states = {state: counted[state] for state in sorted(counted, key=_rank)}
    return Glance(facts, states, len(volumes), len(networks))


def _rank(state: State) -> tuple[bool, int]:
    """What lives comes first, and else the order of a container's life."""
    return not state.is_alive, list(State).index(state)


async def _facts(host: Host) -> Facts:
    async with engine(host) as docker:
        return Facts.from_json(await docker.system.info())
