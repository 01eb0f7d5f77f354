"""`docker search`: the search of Docker's first registry API, which few registries still answer."""

import functools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import aiohttp
import msgspec
from yarl import URL

from engine.config import Config
from engine.errors import EngineError, InvalidParameter, NotSupported, Unavailable
from engine.image.reference import DEFAULT_HOST
from engine.registry.auth import Authorizer, Credentials
from engine.registry.connection import Ask, Connection, new_session
from engine.registry.endpoint import Endpoint, own_endpoints
from engine.registry.login import registry_host

#: What Docker asks for where the client does not say, and the most that it may.
DEFAULT_LIMIT: Final = 25
_LIMIT: Final = 100
_BODY_LIMIT: Final = 4 << 20
#: The default registry answers searches at its old name.
_DEFAULT_INDEX: Final = URL("https://index.docker.io")


Filters = Mapping[str, Sequence[str]]


class Result(msgspec.Struct):
    """One repository that was found."""

    name: str = ""
    description: str | None = ""
    star_count: int = 0
    is_official: bool = False
    is_automated: bool = False

    @property
    def row(self) -> dict[str, Any]:
        return msgspec.structs.asdict(self) | {"description": self.description or ""}


class _Results(msgspec.Struct):
    results: list[Result] | None = None


async def search(term: str, limit: int, credentials: Credentials, config: Config) -> list[Result]:
    """The repositories whose names hold `term`: `[host/]text`.

    Raises InvalidParameter for a limit that can't be, NotSupported for a registry without a search, Unavailable for
    one that does not answer.
    """
    if not 1 <= limit <= _LIMIT:
        raise InvalidParameter(f"limit {limit} is outside the range of [1, {_LIMIT}]")
    host, text = _split(term)
    failure: EngineError = Unavailable(f"no registry to search at {host}")
    async with new_session() as session:
        for endpoint in own_endpoints(host, config):
            try:
                return await _search(session, _searched(endpoint, host), text, limit, credentials)
            except Unavailable as error:
                failure = error
    raise failure


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which results pass; None: either."""

    official: bool | None
    automated: bool | None
    stars: int

    def holds(self, result: Result) -> bool:
        return (
            self.official in {None, result.is_official}
            and self.automated in {None, result.is_automated}
            and result.star_count >= self.stars
        )


def parse_filters(filters: Filters) -> Wanted:
    """Read the filters `is-official`, `is-automated` and `stars`; raises InvalidParameter for others."""
    if unknown := next((name for name in filters if name not in {"is-official", "is-automated", "stars"}), None):
        raise InvalidParameter(f"invalid filter '{unknown}'")
    stars = max((_stars(value) for value in filters.get("stars", ())), default=0)
    return Wanted(_boolean(filters, "is-official"), _boolean(filters, "is-automated"), stars)


def _boolean(filters: Filters, name: str) -> bool | None:
    values = set(filters.get(name, ()))
    if not values <= {"1", "true", "0", "false"} or len(values) > 1:
        raise InvalidParameter(f"invalid filter '{name}={sorted(values)}'")
    return bool(values & {"1", "true"}) if values else None


def _stars(value: str) -> int:
    if not (value.isascii() and value.isdigit() and len(value) < 10):
        raise InvalidParameter(f"invalid filter 'stars={value[:80]}'")
    return int(value)


def _split(term: str) -> tuple[str, str]:
    first, slash, rest = term.partition("/")
    if slash and ("." in first or ":" in first or first == "localhost"):
        return registry_host(first), rest
    return DEFAULT_HOST, term.removeprefix("library/")


def _searched(endpoint: Endpoint, host: str) -> Endpoint:
    if host != DEFAULT_HOST:
        return endpoint
    return Endpoint(_DEFAULT_INDEX, insecure=endpoint.insecure, tls=endpoint.tls)


async def _search(
    session: aiohttp.ClientSession, endpoint: Endpoint, text: str, limit: int, credentials: Credentials
) -> list[Result]:
    authorizer = Authorizer(session, endpoint, credentials)
    connection = Connection(session, endpoint, authorizer, functools.partial(_refused, endpoint.url.authority))
    url = (endpoint.url / "v1" / "search").with_query(q=text, n=limit)
    async with connection.open(Ask("GET", url), {200}) as response:
        body = await connection.read(response, _BODY_LIMIT)
    try:
        return msgspec.json.decode(body, type=_Results).results or []
    except (msgspec.DecodeError, RecursionError, UnicodeError) as error:
        raise Unavailable(f"{endpoint.url.host} answered a search with malformed JSON") from error


def _refused(host: str, status: int, _body: bytes, _challenge: Mapping[str, str]) -> EngineError:
    if status == 404:
        return NotSupported(f"registry {host} has no search (HTTP status 404 for /v1/search)")
    return Unavailable(f"searching {host}: unexpected HTTP status {status}")
