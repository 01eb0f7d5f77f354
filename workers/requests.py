"""What jobs ask of an engine beside aiodocker's own calls: streams of messages, and bodies as long as they come."""

import json
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from http import HTTPStatus
from typing import Any, Final

import aiohttp
from aiodocker import Docker
from aiodocker.exceptions import DockerError

Params = Mapping[str, str] | Sequence[tuple[str, str]]
#: An engine wants the header of credentials even where there are none: this is `{}`.
NO_CREDENTIALS: Final = {"X-Registry-Auth": "e30="}


@asynccontextmanager
async def request(
    docker: Docker,
    method: str,
    path: str,
    params: Params,
    *,
    data: Any = None,
    headers: Mapping[str, str] | None = None,
) -> AsyncIterator[aiohttp.ClientResponse]:
    """The answer while its body comes. Raises DockerError for the engine's refusal, as aiodocker does."""
    url = f"{docker.docker_host}/{docker.api_version}/{path}"
    async with docker.session.request(method, url, params=params, data=data, headers=headers) as response:
        if response.status >= HTTPStatus.BAD_REQUEST:
            raise DockerError(response.status, await response.text())
        yield response


async def messages(response: aiohttp.ClientResponse) -> AsyncIterator[dict[str, Any]]:
    """Docker's JSON messages as they come. Raises DockerError for one that tells of a failure.

    Not by lines of the reader's: a message may be longer than it takes.
    """
    rest = b""
    async for chunk in response.content.iter_any():
        *lines, rest = (rest + chunk).split(b"\n")
        for line in lines:
            if line.strip():
                yield _read(line)
    if rest.strip():
        yield _read(rest)


def _read(line: bytes) -> dict[str, Any]:
    message: dict[str, Any] = json.loads(line)
    if "error" in message:
        # 0: the failure came in the middle of a stream, after a status that promised well.
        raise DockerError(0, str((message.get("errorDetail") or {}).get("message") or message["error"]))
    return message
