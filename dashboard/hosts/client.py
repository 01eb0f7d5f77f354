"""The one way to an engine: for pages, sockets and workers alike."""

import json
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from http import HTTPStatus
from typing import Final

import aiohttp
from aiodocker import Docker
from aiodocker.exceptions import DockerError
from django.utils.translation import gettext as _

from dashboard.hosts.models import Host

#: The Engine API that the console speaks: old enough for every Docker, Podman and Portside in use. A fixed one saves
#: the request that asks for the version.
API_VERSION: Final = "v1.41"
CONNECT_SECONDS: Final = 5
#: aiodocker's own number for "no answer"; it is no HTTP status.
NO_ANSWER: Final = 900


class EngineFailure(Exception):
    """What an engine refused or could not be asked. `message` is for the user; `status` is HTTP's."""

    def __init__(self, message: str, status: int) -> None:
        super().__init__(message)
        self.message = message
        self.status = status

    @property
    def is_unreachable(self) -> bool:
        return self.status == HTTPStatus.SERVICE_UNAVAILABLE


def client(host: Host) -> Docker:
    """A client that whoever asks for it closes; `engine()` is for all that fits into a block."""
    timeout = aiohttp.ClientTimeout(total=None, sock_connect=CONNECT_SECONDS)
    return Docker(url=host.url, api_version=API_VERSION, timeout=timeout)


@asynccontextmanager
async def engine(host: Host) -> AsyncIterator[Docker]:
    """A client of `host`'s engine for the length of the block.

    Streams may last for hours, so only connecting has a time limit. Whatever goes wrong between here and the engine,
    in the block as well, is raised as EngineFailure: the engine's own message and status where it answered, 503 where
    it did not.
    """
    try:
        async with client(host) as docker:
            yield docker
    except DockerError as error:
        raise _refused(host, error) from error
    except (aiohttp.ClientError, OSError) as error:
        raise _unreachable(host, error) from error


@asynccontextmanager
async def stream(docker: Docker, path: str, params: Mapping[str, str]) -> AsyncIterator[aiohttp.StreamReader]:
    """The body of `GET path` as it comes, for streams that aiodocker would decode or reorder.

    Raises DockerError for the engine's refusal, as aiodocker does; inside `engine()` it becomes an EngineFailure.
    """
    url = f"{docker.docker_host}/{docker.api_version}/{path}"
    async with docker.session.get(url, params=params) as response:
        if response.status >= HTTPStatus.BAD_REQUEST:
            raise DockerError(response.status, await response.text())
        yield response.content


def _refused(host: Host, error: DockerError) -> EngineFailure:
    if error.status == NO_ANSWER:
        return _unreachable(host, error.__context__ or error)
    status = error.status or HTTPStatus.BAD_GATEWAY  # 0: the failure came in the middle of a stream
    return EngineFailure(_plain(error.message), status)


def _unreachable(host: Host, error: BaseException) -> EngineFailure:
    text = _("Engine not reachable at %(url)s: %(reason)s") % {"url": host.url, "reason": _reason(error)}
    return EngineFailure(text, HTTPStatus.SERVICE_UNAVAILABLE)


def _plain(message: str) -> str:
    """The text of Docker's `{"message": …}`, which aiodocker unwraps only where the content type has no parameters."""
    try:
        return str(json.loads(message)["message"])
    except (ValueError, TypeError, KeyError):
        return message.strip()


def _reason(error: BaseException) -> str:
    """aiohttp wraps the system's reason in its own words; people know the system's."""
    if isinstance(error, aiohttp.ClientConnectorError):
        return error.os_error.strerror or str(error.os_error)
    return str(error) or type(error).__name__
