"""What can be done to a container at once, without a job."""

from collections.abc import Awaitable, Callable, Iterable
from enum import StrEnum
from typing import Final

from aiodocker.containers import DockerContainer

from dashboard.hosts.bulk import for_each
from dashboard.hosts.client import engine
from dashboard.hosts.models import Host


class Action(StrEnum):
    START = "start"
    STOP = "stop"
    RESTART = "restart"
    KILL = "kill"
    REMOVE = "remove"


async def _remove(container: DockerContainer) -> None:
    await container.delete(force=True)


_DO: Final[dict[Action, Callable[[DockerContainer], Awaitable[None]]]] = {
    Action.START: DockerContainer.start,
    Action.STOP: DockerContainer.stop,
    Action.RESTART: DockerContainer.restart,
    Action.KILL: DockerContainer.kill,
    Action.REMOVE: _remove,
}


async def perform(host: Host, container_id: str, action: Action) -> None:
    """Do `action`, and return when the engine has done it. Raises EngineFailure.

    What is already as asked (a start of a running container) is no failure, as in Docker. Removing is by force: the
    page asks before it removes a running container.
    """
    async with engine(host) as docker:
        await _DO[action](docker.containers.container(container_id))


async def perform_all(host: Host, container_ids: Iterable[str], action: Action) -> None:
    """Do `action` to each. Raises one EngineFailure for all that were refused; the others are done all the same."""
    await for_each(container_ids, lambda container_id: perform(host, container_id, action))
