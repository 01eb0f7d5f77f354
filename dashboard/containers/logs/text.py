"""A container's log as one text."""

from collections.abc import AsyncIterator, Mapping

from dashboard.containers.logs.frames import Frames, Raw
from dashboard.hosts.client import engine, stream
from dashboard.hosts.models import Host


async def read_log(host: Host, container: str, params: Mapping[str, str]) -> AsyncIterator[bytes]:
    """Pieces as they come, standard output and error together; `params` are the engine's. Raises EngineFailure."""
    async with engine(host) as docker:
        shown = await docker.containers.container(container).show()
        frames = Raw() if shown["Config"]["Tty"] else Frames()
        async with stream(docker, f"containers/{container}/logs", params) as body:
            async for chunk in body.iter_any():
                for _stream, piece in frames.feed(chunk):
                    yield piece
