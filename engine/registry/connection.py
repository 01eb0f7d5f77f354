"""Requests to one registry: challenges answered, redirects followed, refusals told in Docker's words."""

import os
from collections.abc import AsyncIterator, Callable, Mapping, Set
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Final

import aiohttp
from yarl import URL

from engine import __version__
from engine.errors import EngineError, InvalidParameter, Unavailable
from engine.registry.auth import Authorizer, Challenge, parse_challenges
from engine.registry.body import read_limited
from engine.registry.endpoint import Endpoint
from engine.registry.errors import BODY_LIMIT, Busy
from engine.registry.proxy import proxy_for

_READING: Final = frozenset({"GET", "HEAD"})
_REDIRECTS: Final = frozenset({301, 302, 303, 307, 308})
#: Those after which a request that writes may be sent again as it was (RFC 9110, 15.4).
_REPEATABLE: Final = frozenset({307, 308})
_REDIRECT_LIMIT: Final = 10
#: Bytes of a response that may wait for whoever reads it, before the registry has to.
_READ_AHEAD: Final = 1 << 20

#: Makes a request's body, anew for each attempt.
Body = Callable[[], AsyncIterator[bytes]]
#: What a refusal means: its status, its body, and the parameters of its Bearer challenge.
Meaning = Callable[[int, bytes, Mapping[str, str]], EngineError]


def new_session() -> aiohttp.ClientSession:
    """A session that keeps no cookies, and hands bodies over as they were sent."""
    return aiohttp.ClientSession(
        auto_decompress=False,
        read_bufsize=_READ_AHEAD,
        cookie_jar=aiohttp.DummyCookieJar(),
        headers={"User-Agent": f"portside/{__version__}", "Accept-Encoding": "identity"},
        timeout=aiohttp.ClientTimeout(total=None, sock_connect=30, sock_read=60),
    )


@dataclass(frozen=True, slots=True)
class Ask:
    """One request. A streamed `body` needs a Content-Length among the headers."""

    method: str
    url: URL
    headers: Mapping[str, str] = field(default_factory=dict)
    body: Body | bytes | None = None

    @property
    def redirects(self) -> Set[int]:
        return _REDIRECTS if self.method in _READING else _REPEATABLE

    def data(self) -> AsyncIterator[bytes] | bytes | None:
        return self.body() if callable(self.body) else self.body


class Connection:
    """The way to one endpoint. Raises what `meaning` makes of a refusal, and Unavailable where no answer came."""

    def __init__(
        self, session: aiohttp.ClientSession, endpoint: Endpoint, authorizer: Authorizer, meaning: Meaning
    ) -> None:
        self.endpoint = endpoint
        self._session = session
        self._authorizer = authorizer
        self._meaning = meaning

    @asynccontextmanager
    async def open(self, ask: Ask, good: Set[int]) -> AsyncIterator[aiohttp.ClientResponse]:
        """The response with one of the `good` statuses, after challenges and redirects."""
        shown = self._authorizer.header
        response = await self._connected(ask)
        try:
            if response.status == 401 and await self._authorizer.answer(_challenges(response), shown):
                response.close()
                response = await self._connected(ask)
            if response.status not in good:
                raise await self._refusal(response)
            yield response
        finally:
            response.close()

    async def read(self, response: aiohttp.ClientResponse, limit: int) -> bytes:
        """The whole body; raises InvalidParameter for one of more than `limit` bytes."""
        try:
            return await read_limited(response, limit)
        except (aiohttp.ClientError, TimeoutError) as error:
            raise Unavailable(f"reading from {response.url.host}: {reason(error)}") from error

    def target(self, url: URL, location: str) -> URL:
        """Where a Location header of `url` leads; raises Unavailable for one that no honest registry sends."""
        try:
            target = url.join(URL(location, encoded=True))
            host = target.host
        except ValueError:
            host = None
        if not host or target.scheme not in {"https", "http"} or not location:
            raise Unavailable(f"{url.host} redirects to what is no URL")
        if url.scheme == "https" and target.scheme == "http" and not self.endpoint.insecure:
            raise Unavailable(f"{url.host} redirects from TLS to plain HTTP")
        return target

    async def _connected(self, ask: Ask) -> aiohttp.ClientResponse:
        try:
            return await self._follow(ask)
        except (aiohttp.ClientError, TimeoutError, ConnectionError) as error:
            raise Unavailable(f'{ask.method.capitalize()} "{ask.url.origin()}/v2/": {reason(error)}') from error

    async def _follow(self, ask: Ask) -> aiohttp.ClientResponse:
        """Follow redirects. Only the registry's own origin is shown the Authorization (CVE-2020-15157)."""
        url = ask.url
        for _ in range(_REDIRECT_LIMIT):
            own = url.origin() == self.endpoint.url.origin()
            proof = {"Authorization": self._authorizer.header} if own and self._authorizer.header else {}
            response = await self._session.request(
                ask.method,
                url,
                data=ask.data(),
                headers={**ask.headers, **proof},
                allow_redirects=False,
                proxy=proxy_for(url),
                ssl=self.endpoint.tls if own else True,
            )
            if response.status not in ask.redirects:
                return response
            response.close()
            url = self.target(url, response.headers.get("Location", ""))
        raise Unavailable(f"{self.endpoint.url.host} redirects more than {_REDIRECT_LIMIT} times")

    async def _refusal(self, response: aiohttp.ClientResponse) -> EngineError:
        try:
            body = await read_limited(response, BODY_LIMIT)
        except (aiohttp.ClientError, TimeoutError, InvalidParameter):
            body = b""  # the status says enough
        bearer = next((one.parameters for one in _challenges(response) if one.scheme == "bearer"), {})
        error = self._meaning(response.status, body, bearer)
        asked = retry_after(response.headers.get("Retry-After", ""))
        return Busy(error.message, asked) if asked and isinstance(error, Unavailable) else error


def _challenges(response: aiohttp.ClientResponse) -> list[Challenge]:
    return parse_challenges(response.headers.getall("WWW-Authenticate", []))


def retry_after(header: str) -> float:
    """Seconds to wait (RFC 9110, 10.2.3: a number, or a date); 0 where none can be read."""
    if header.isascii() and header.isdigit():
        return float(header[:9])
    try:
        return max(0.0, (parsedate_to_datetime(header) - datetime.now(UTC)).total_seconds())
    except (ValueError, TypeError):
        return 0.0


def reason(error: Exception) -> str:
    """Why there is no answer, in the words that Docker's users know."""
    if isinstance(error, aiohttp.ClientConnectorDNSError):
        return f"dial tcp: lookup {error.host}: {(error.os_error.strerror or str(error.os_error)).lower()}"
    if isinstance(error, aiohttp.ClientConnectorError):
        # asyncio words its own text; the kernel's is what people know
        cause = os.strerror(error.os_error.errno).lower() if error.os_error.errno else str(error.os_error)
        return f"dial tcp {error.host}:{error.port}: connect: {cause}"
    return str(error) or "no answer in time"
