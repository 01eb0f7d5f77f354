"""The routes of the Engine API that this engine does not serve, and what each would be.

A client that asks for one learns what is missing (501), and not that the path is unknown (404). The table and the
served routes together are the API's whole list; a test holds them against its description.
"""

from typing import Final

from aiohttp import web

from engine.errors import NotSupported
from engine.server.errors import Handler

_SWARM: Final = "swarm mode"
_PLUGINS: Final = "plugins"

#: Method, path, and what is not supported.
UNSUPPORTED: Final[tuple[tuple[str, str, str], ...]] = (
    ("POST", "/session", "a BuildKit session"),
    ("PUT", "/volumes/{name:.+}", "updating a cluster volume"),
    ("GET", "/plugins", _PLUGINS),
    ("GET", "/plugins/privileges", _PLUGINS),
    ("POST", "/plugins/pull", _PLUGINS),
    ("POST", "/plugins/create", _PLUGINS),
    ("GET", "/plugins/{name:.+}/json", _PLUGINS),
    ("DELETE", "/plugins/{name:.+}", _PLUGINS),
    ("POST", "/plugins/{name:.+}/{action:enable|disable|upgrade|push|set}", _PLUGINS),
    ("GET", "/{kind:nodes|services|tasks|secrets|configs}", _SWARM),
    ("POST", "/{kind:services|secrets|configs}/create", _SWARM),
    ("GET", "/{kind:nodes|services|tasks|secrets|configs}/{id}", _SWARM),
    ("DELETE", "/{kind:nodes|services|secrets|configs}/{id}", _SWARM),
    ("POST", "/{kind:nodes|services|secrets|configs}/{id}/update", _SWARM),
    ("GET", "/{kind:services|tasks}/{id}/logs", _SWARM),
    ("GET", "/swarm", _SWARM),
    ("GET", "/swarm/unlockkey", _SWARM),
    ("POST", "/swarm/{action:init|join|leave|update|unlock}", _SWARM),
)


def routes() -> list[web.RouteDef]:
    """A handler for each; they come after all that is served."""
    return [web.route(method, path, _refusal(what)) for method, path, what in UNSUPPORTED]


def _refusal(what: str) -> Handler:
    async def refuse(request: web.Request) -> web.StreamResponse:
        raise NotSupported(f"not supported by this engine: {what} ({request.method} {request.path})")

    return refuse
