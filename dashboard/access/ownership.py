"""Which objects of a host belong to which project.

An object belongs to a project by a row, which the console writes for what it makes, or by a label, which whoever makes
a container, volume or network by other means gives it (compose, the docker CLI): that needs the engine's socket, and so
a right that is above all of the console's.

Images belong by rows alone, and a label that a container only inherited from its image counts for nothing: images come
from strangers, who would otherwise give away what the image's user made.
"""

import asyncio
import json
from collections.abc import Iterable
from typing import Any, Final

from aiodocker import Docker
from aiodocker.networks import DockerNetwork
from aiodocker.volumes import DockerVolume

from dashboard.access.models import Owned, Project
from dashboard.access.objects import Kind
from dashboard.hosts.client import engine
from dashboard.hosts.models import Host

LABEL: Final = "portside.project"


async def objects_of(host: Host, kind: Kind, projects: Iterable[str]) -> frozenset[str]:
    """The IDs (volumes: names) of what `projects` own. Raises EngineFailure."""
    slugs = sorted(projects)
    rows = Owned.objects.filter(host=host, kind=kind, project__slug__in=slugs)
    recorded = {found async for found in rows.values_list("object_id", flat=True)}
    if kind is Kind.IMAGE or not slugs:
        return frozenset(recorded)
    async with engine(host) as docker:
        labelled = await asyncio.gather(*(_LABELLED[kind](docker, slug) for slug in slugs))
    return frozenset(recorded.union(*labelled))


async def full_id(host: Host, kind: Kind, reference: str) -> str:
    """The ID (a volume's name) of what `reference` names now. Raises EngineFailure, with status 404 for nothing."""
    async with engine(host) as docker:
        shown = await _SHOW[kind](docker, reference)
    return str(shown["Name" if kind is Kind.VOLUME else "Id"])


async def adopt(host: Host, kind: Kind, object_id: str, project: str) -> None:
    """Write down that `project` owns the object. Again changes nothing; a project that is gone owns nothing."""
    owner = await Project.objects.filter(slug=project).afirst()
    if owner is not None:
        await Owned.objects.aget_or_create(project=owner, host=host, kind=kind, object_id=object_id)


async def _containers(docker: Docker, slug: str) -> set[str]:
    claim = {"label": [f"{LABEL}={slug}"]}
    found: Any = await docker.containers.list(all=True, filters=json.dumps(claim))
    if not found:
        return set()
    images = await docker.images.list(all="1")
    innocent = {image["Id"] for image in images if (image.get("Labels") or {}).get(LABEL) != slug}
    return {container["Id"] for container in found if container["ImageID"] in innocent}


async def _networks(docker: Docker, slug: str) -> set[str]:
    return {network["Id"] for network in await docker.networks.list(filters={"label": [f"{LABEL}={slug}"]})}


async def _volumes(docker: Docker, slug: str) -> set[str]:
    answer = await docker.volumes.list(filters={"label": [f"{LABEL}={slug}"]})
    return {volume["Name"] for volume in answer["Volumes"] or ()}


async def _show_container(docker: Docker, reference: str) -> Any:
    return await docker.containers.container(reference).show()


async def _show_image(docker: Docker, reference: str) -> Any:
    return await docker.images.inspect(reference)


async def _show_network(docker: Docker, reference: str) -> Any:
    return await DockerNetwork(docker, reference).show()


async def _show_volume(docker: Docker, reference: str) -> Any:
    return await DockerVolume(docker, reference).show()


_LABELLED: Final = {Kind.CONTAINER: _containers, Kind.NETWORK: _networks, Kind.VOLUME: _volumes}
_SHOW: Final = {
    Kind.CONTAINER: _show_container,
    Kind.IMAGE: _show_image,
    Kind.NETWORK: _show_network,
    Kind.VOLUME: _show_volume,
}


def hand_over(host: Host, old: str, new: str) -> None:
    """A container that took another's place is owned by whom the other was. Blocking; again changes nothing."""
    for owned in Owned.objects.filter(host=host, kind=Kind.CONTAINER, object_id=old):
        Owned.objects.get_or_create(project=owned.project, host=host, kind=Kind.CONTAINER, object_id=new)
