"""What is asked of a registry and changes nothing here: signing in, looking at an image, searching."""

from typing import Any

from aiohttp import web

from engine.errors import InvalidParameter
from engine.image.reference import parse
from engine.registry.auth import Credentials
from engine.registry.inspection import inspect
from engine.registry.login import login
from engine.registry.search import DEFAULT_LIMIT, parse_filters, search
from engine.server.filters import read_filters
from engine.server.registryauth import credentials_of
from engine.server.replies import reply
from engine.server.requests import number, read_object, word
from engine.server.services import services

routes = web.RouteTableDef()


@routes.post("/auth")
async def auth(request: web.Request) -> web.Response:
    said = await read_object(request, required=True)
    credentials = Credentials(_text(said, "username"), _text(said, "password"), _text(said, "identitytoken"))
    token = await login(_text(said, "serveraddress"), credentials, services(request).config)
    return reply({"Status": "Login Succeeded", "IdentityToken": token})


@routes.get("/distribution/{name:.+}/json")
async def distribution(request: web.Request) -> web.Response:
    reference = parse(request.match_info["name"]).with_default_tag()
    return reply(await inspect(reference, credentials_of(request), services(request).config))


@routes.get("/images/search")
async def search_(request: web.Request) -> web.Response:
    term, limit = word(request, "term"), number(request, "limit")
    if term is None:
        raise InvalidParameter("a term to search for is required")
    wanted, config = parse_filters(read_filters(request)), services(request).config
    found = await search(term, limit or DEFAULT_LIMIT, credentials_of(request), config)
    return reply([result.row for result in found if wanted.holds(result)])


def _text(said: dict[str, Any], name: str) -> str:
    value = said.get(name, "")
    if not isinstance(value, str):
        raise InvalidParameter(f"invalid JSON: {name} must be a string")
    return value
