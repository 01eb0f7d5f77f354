"""Images, asked of a host's engine."""

from dashboard.hosts.client import EngineFailure, engine
from dashboard.hosts.models import Host
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
