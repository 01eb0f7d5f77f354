"""Checking who one is at a registry: `docker login`."""

from collections.abc import Mapping
from http.client import responses
from typing import Final

import aiohttp

from engine.config import Config
from engine.errors import EngineError, InvalidParameter, Unauthorized, Unavailable
from engine.image.reference import DEFAULT_HOST
from engine.registry.auth import Authorizer, Credentials
from engine.registry.connection import Ask, Connection, new_session
from engine.registry.endpoint import Endpoint, own_endpoints

#: Names of the default registry that clients send: its own, and the addresses that it had before.
_DEFAULTS: Final = frozenset({"", DEFAULT_HOST, "index.docker.io", "registry-1.docker.io"})


async def login(address: str, credentials: Credentials, config: Config) -> str:
    """Show the credentials to the registry at `address` (a host, or a URL); returns its identity token, or "".

    Raises Unauthorized when it does not take them, Unavailable when it does not answer, InvalidParameter for what is
    no registry's address.
    """
    failure: EngineError = Unavailable(f"no registry to ask at {address}")
    async with new_session() as session:
        for endpoint in own_endpoints(registry_host(address), config):
            try:
                return await _login(session, endpoint, credentials)
            except Unavailable as error:
                failure = error
    raise failure


def registry_host(address: str) -> str:
    """The host that a server address stands for: `https://index.docker.io/v1/` is the default registry."""
    host = address.strip().removeprefix("https://").removeprefix("http://").partition("/")[0]
    if any(character.isspace() or character in "@?#" for character in host):
        raise InvalidParameter(f"invalid registry address {address[:200]!r}")
    return DEFAULT_HOST if host in _DEFAULTS else host


async def _login(session: aiohttp.ClientSession, endpoint: Endpoint, credentials: Credentials) -> str:
    url = endpoint.url / "v2" / ""
    authorizer = Authorizer(session, endpoint, credentials, offline=True)

    def refused(status: int, body: bytes, challenge: Mapping[str, str]) -> EngineError:
        kind = Unauthorized if status in {401, 403} else Unavailable
        return kind(f"login attempt to {url} failed with status: {status} {responses.get(status, '')}".rstrip())

    async with Connection(session, endpoint, authorizer, refused).open(Ask("GET", url), {200}):
        return authorizer.identity_token
