"""The application: the routes of the Engine API, the version prefix before them, errors and headers around them."""

from collections.abc import Iterable, Iterator
from typing import Any, Final, NoReturn, cast

from aiohttp import web

from engine.errors import EngineError, Forbidden
from engine.server import unsupported
from engine.server.errors import Handler, error_response, respond
from engine.server.headers import COMMON
from engine.server.lasting import LASTING, end_all
from engine.server.requests import BODY_LIMIT
from engine.server.routes import (
    archives,
    build,
    containers,
    events,
    files,
    images,
    logs,
    networks,
    registry,
    stats,
    streams,
    system,
    volumes,
)
from engine.server.routes import exec as exec_
from engine.server.services import SERVICES, Services
from engine.server.version import API_VERSION, api_version, check_version, split_path

TABLES: Final[tuple[Iterable[web.AbstractRouteDef], ...]] = (
    system.routes,
    containers.routes,
    stats.routes,
    streams.routes,
    logs.routes,
    exec_.routes,
    files.routes,
    volumes.routes,
    networks.routes,
    registry.routes,
    archives.routes,
    build.routes,
    images.routes,
    events.routes,
    unsupported.routes(),
)


def make_app(services: Services) -> web.Application:
    """The Engine API over `services`."""
    app = web.Application(middlewares=[_errors], client_max_size=BODY_LIMIT)
    app[SERVICES] = services
    app[LASTING] = set()
    app.on_shutdown.append(end_all)
    app.router.register_resource(_Versioned(_inner_router()))
    app.on_response_prepare.append(_add_headers)
    return app


def _inner_router() -> web.UrlDispatcher:
    """Each route by its own method alone: the HEAD that aiohttp adds to a GET would run `events` for nobody."""
    router = web.UrlDispatcher()
    for table in TABLES:
        for route in cast(Iterable[web.RouteDef], table):
            router.add_route(route.method, route.path, route.handler)
    return router


class _Versioned(web.AbstractResource):
    """Everything, with the version prefix or without it: the prefix is taken off before the routes are looked at."""

    def __init__(self, routes: web.UrlDispatcher) -> None:
        super().__init__()
        self._routes = routes

    async def resolve(self, request: web.Request) -> tuple[web.UrlMappingMatchInfo | None, set[str]]:
        request[API_VERSION], path = split_path(request.rel_url.raw_path)
        bare = request.clone(rel_url=request.rel_url.with_path(path, encoded=True))
        return await self._routes.resolve(bare), set()

    @property
    def canonical(self) -> str:
        return "/"

    def raw_match(self, path: str) -> bool:
        return True

    def add_prefix(self, prefix: str) -> NoReturn:
        raise NotImplementedError("the Engine API is always served at the root")

    def url_for(self, **_: str) -> NoReturn:
        raise NotImplementedError("the Engine API has no named routes")

    def get_info(self) -> Any:
        return {"routes": self._routes}

    def __len__(self) -> int:
        return len(self._routes.routes())

    def __iter__(self) -> Iterator[web.AbstractRoute]:
        return iter(self._routes.routes())


@web.middleware
async def _errors(request: web.Request, handler: Handler) -> web.StreamResponse:
    """The only middleware: the version is checked, and every error becomes Docker's answer."""
    try:
        _check_origin(request)
        check_version(api_version(request))
        return await handler(request)
    except (EngineError, ExceptionGroup) as error:
        return respond(error)
    except web.HTTPException as error:
        # aiohttp's own: no such path, or not with that method (which Docker calls by the same name), a broken body
        return error_response(404, "page not found") if error.status in {404, 405} else _plain(error)
    except ConnectionError:
        raise  # the client is gone: there is nobody to answer
    except Exception as error:  # noqa: BLE001 - the last door before the wire: what nobody expected is logged, and told
        return respond(error)


def _check_origin(request: web.Request) -> None:
    """Refuse a browser: a web page may have found a way here, by a client's certificate or a proxy."""
    if origin := request.headers.get("Origin"):
        raise Forbidden(f"the engine answers no web page (Origin: {origin[:200]})")


def _plain(error: web.HTTPException) -> web.Response:
    return error_response(error.status, error.text or error.reason)


async def _add_headers(_: web.Request, response: web.StreamResponse) -> None:
    response.headers.update(COMMON)
