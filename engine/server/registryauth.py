"""The credentials that come with a request for the registry that it is about."""

from aiohttp import web

from engine.registry.auth import NOBODY, Credentials, parse_credentials


def credentials_of(request: web.Request) -> Credentials:
    """What `X-Registry-Auth` says; nobody where there is none. Raises InvalidParameter."""
    header = request.headers.get("X-Registry-Auth", "")
    return parse_credentials(header) if header else NOBODY
