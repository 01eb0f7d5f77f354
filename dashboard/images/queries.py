"""Images, asked of a host's engine."""

import asyncio
from typing import Any

from dashboard.containers.queries import list_containers
from dashboard.hosts.client import EngineFailure, engine
from dashboard.hosts.models import Host
from dashboard.images.detail import Detail
from dashboard.images.summary import Summary


async def list_images(host: Host) -> list[Summary]:
    """All images but those that are only steps of another's build. Raises EngineFailure."""
    async with engine(host) as docker:
        return [Summary.from_json(entry) for entry in await docker.images.list()]


async def list_tags(host: Host) -> list[str]:
    """Names to offer in a form, sorted; none where the engine is away, which the form can do without."""
    try:
        images = await list_images(host)
    except EngineFailure as failure:
        if not failure.is_unreachable:
            raise
        return []
    return sorted(tag for image in images for tag in image.tags)


async def list_dangling(host: Host) -> list[Summary]:
    """The images that have no name and that no container uses, not even a stopped one. Raises EngineFailure."""
    images, containers = await asyncio.gather(list_images(host), list_containers(host))
    used = {container.image_id for container in containers}
    return [image for image in images if not image.tags and image.id not in used]


async def get_image(host: Host, image_id: str) -> Detail:
    """One image by its ID. Raises EngineFailure."""
    async with engine(host) as docker:
        data = await docker.images.inspect(image_id)
        history: Any = await docker.images.history(image_id)  # a list, whatever aiodocker's annotation says
    return Detail.from_json(data, history, await list_containers(host))
