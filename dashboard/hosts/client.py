"""The one way to an engine: for pages, sockets and workers alike."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from http import HTTPStatus
from typing import Final

import aiohttp
from aiodocker import Docker
from aiodocker.exceptions import DockerError
from django.utils.translation import gettext as _

from dashboard.hosts.models import Host

#: The Engine API that the console speaks. A fixed one saves a request for each client that is made.
API_VERSION: Final = "v1.41"
CONNECT_SECONDS: Final = 5


class EngineFailure(Exception):
    """What an engine refused or could not be asked. `message` is for the user; `status` is HTTP's."""

    def __init__(self, message: str, status: int) -> None:
        super().__init__(message)
        self.message = message
        self.status = status


@asynccontextmanager
async def engine(host: Host) -> AsyncIterator[Docker]:
    """A client of `host`'s engine for the length of the block.

    Streams may last for hours, so only connecting has a time limit. Whatever goes wrong between here and the engine,
    in the block as well, is raised as EngineFailure: the engine's own message and status where it answered, 503 where
    it did not.
    """
    timeout = aiohttp.ClientTimeout(total=None, sock_connect=CONNECT_SECONDS)
    try:
        async with Docker(url=host.url, api_version=API_VERSION, timeout=timeout) as docker:
            yield docker
    except DockerError as error:
        raise EngineFailure(str(error.message), error.status) from error
    except (aiohttp.ClientError, OSError, TimeoutError) as error:
        text = _("Engine not reachable at %(url)s: %(reason)s") % {"url": host.url, "reason": _reason(error)}
        raise EngineFailure(text, HTTPStatus.SERVICE_UNAVAILABLE) from error


def _reason(error: Exception) -> str:
    """aiohttp wraps the system's reason in its own words; people know the system's."""
    if isinstance(error, aiohttp.ClientConnectorError):
        return error.os_error.strerror or str(error.os_error)
    return str(error) or type(error).__name__
