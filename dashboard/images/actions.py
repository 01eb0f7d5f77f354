"""What can be done to an image at once, without a job."""

from collections.abc import Iterable
from urllib.parse import quote

from dashboard.hosts.bulk import for_each
from dashboard.hosts.client import engine
from dashboard.hosts.models import Host


async def remove(host: Host, reference: str) -> None:
    """Take away a tag, and with its last tag the image: `docker rmi`. Raises EngineFailure.

    A user's text becomes a part of the engine's address: quoted, so that it stays one.
    """
    async with engine(host) as docker:
        await docker.images.delete(quote(reference, safe=""))


async def remove_all(host: Host, references: Iterable[str]) -> None:
    """Remove those that were shown and confirmed. Raises one EngineFailure for all that were refused."""
    await for_each(references, lambda reference: remove(host, reference))
