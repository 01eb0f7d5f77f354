"""What terminals ask of an engine besides aiodocker's own calls."""

import json
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any, cast

import aiohttp
from aiodocker import Docker
from aiodocker.exceptions import DockerError
from aiodocker.stream import Stream
from yarl import URL


async def post(docker: Docker, path: str, body: Mapping[str, Any]) -> dict[str, Any]:
    """`POST path` with a JSON body, and the JSON object that answers it. Raises DockerError with the engine's words."""
    url = f"{docker.docker_host}/{docker.api_version}/{path}"
    async with docker.session.post(url, json=body) as response:
        text = await response.text()
        if response.status >= HTTPStatus.BAD_REQUEST:
            raise DockerError(response.status, _message(text))
        return cast("dict[str, Any]", json.loads(text)) if text else {}


def attach_again(docker: Docker, exec_id: str, **query: str | int) -> "Sequenced":
    """A connection to a session that lasts, yet to be opened (docs/exec-attach.md)."""

    async def setup() -> tuple[URL, bytes | None, bool]:
        return URL(f"exec/{exec_id}/attach").with_query(query), None, True

    return Sequenced(docker, setup, aiohttp.ClientTimeout(total=None))


class Sequenced(Stream):
    """A stream whose answer's headers count: aiodocker keeps them from its callers."""

    async def open(self) -> Mapping[str, int]:
        """Connect: the numbers in the answer's headers, by the last word of their names."""
        await self._init()
        headers = self._resp.headers if self._resp is not None else {}
        return {name: int(headers.get(f"Portside-{name}", 0)) for name in ("Position", "End", "Typed")}


def _message(text: str) -> str:
    try:
        return str(json.loads(text)["message"])
    except (ValueError, TypeError, KeyError):
        return text.strip()
