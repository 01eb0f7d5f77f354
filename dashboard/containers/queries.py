"""Containers, asked of a host's engine."""

import json
from http import HTTPStatus
from typing import Any

from django.utils.translation import gettext as _

from dashboard.containers.detail import Detail
from dashboard.containers.summary import Summary
from dashboard.hosts.client import EngineFailure, engine
from dashboard.hosts.models import Host


async def list_containers(host: Host, **filters: list[str]) -> list[Summary]:
    """All containers, stopped ones too, newest first; `filters` are Docker's. Raises EngineFailure."""
    async with engine(host) as docker:
        found: list[Any] = await docker.containers.list(all=True, filters=json.dumps(filters))
        return [Summary.from_json(_fields(entry)) for entry in found]


async def get_summary(host: Host, container_id: str) -> Summary:
    """The list's entry of one container. Raises EngineFailure, with status 404 where there is no such container."""
    for summary in await list_containers(host, id=[container_id]):
        if summary.id == container_id:
            return summary
    raise EngineFailure(_("No such container: %(id)s") % {"id": container_id}, HTTPStatus.NOT_FOUND)


async def get_detail(host: Host, reference: str) -> Detail:
    """One container by name, ID or the beginning of an ID. Raises EngineFailure."""
    async with engine(host) as docker:
        return Detail.from_json(await docker.containers.container(reference).show())


def _fields(container: Any) -> dict[str, Any]:
    """aiodocker wraps each entry in an object that has its fields as items, but is no mapping."""
    names = (
        "Id",
        "Names",
        "Image",
        "Command",
        "State",
        "Status",
        "Created",
        "Ports",
        "ImageID",
        "Mounts",
        "NetworkSettings",
    )
    return {name: container[name] for name in names if name in container}
