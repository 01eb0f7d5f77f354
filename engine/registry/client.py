"""One repository of one registry: the reading half of OCI's distribution API (Docker Registry HTTP API V2)."""

import os
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final

import aiohttp
import msgspec
from yarl import URL

from engine import __version__
from engine.errors import EngineError, InvalidParameter, Unavailable
from engine.image.digest import digest_of
from engine.image.manifest import ACCEPTED, SIZE_LIMIT, Index, Manifest, parse_manifest
from engine.image.reference import Reference
from engine.registry.auth import Authorizer, Challenge, Credentials, parse_challenges
from engine.registry.body import read_limited
from engine.registry.endpoint import Endpoint
from engine.registry.errors import BODY_LIMIT, refusal
from engine.registry.proxy import proxy_for

_REDIRECTS: Final = frozenset({301, 302, 303, 307, 308})
_REDIRECT_LIMIT: Final = 10
_TAG_PAGES_LIMIT: Final = 1000
_NEXT: Final = re.compile(r'<([^>]+)>\s*;\s*rel="?next"?')


class _Tags(msgspec.Struct):
    tags: list[str] | None = None


def new_session() -> aiohttp.ClientSession:
    """A session that keeps no cookies, and hands bodies over as they were sent."""
    return aiohttp.ClientSession(
        auto_decompress=False,
        cookie_jar=aiohttp.DummyCookieJar(),
        headers={"User-Agent": f"portside/{__version__}", "Accept-Encoding": "identity"},
        timeout=aiohttp.ClientTimeout(total=None, sock_connect=30, sock_read=60),
    )


class RepositoryClient:
    """Reads from the repository of `reference` at one endpoint.

    Raises NotFound, Unauthorized and Unavailable in Docker's words, and Unavailable where no answer came at all.
    """

    def __init__(
        self, session: aiohttp.ClientSession, endpoint: Endpoint, reference: Reference, credentials: Credentials
    ) -> None:
        self._session = session
        self._endpoint = endpoint
        self._reference = reference
        self._base = endpoint.url / "v2" / reference.path
        scope = f"repository:{reference.path}:pull"
        self._authorizer = Authorizer(session, endpoint.url, credentials, scope=scope, insecure=endpoint.insecure)

    async def manifest(self, reference: str) -> Manifest | Index:
        """The document of a tag or a digest; one asked for by digest is verified against it."""
        headers = {"Accept": ", ".join(ACCEPTED)}
        async with self._get(self._base / "manifests" / reference, headers) as response:
            body = await self._read(response, SIZE_LIMIT)
            content_type = response.headers.get("Content-Type", "")
        if ":" in reference and digest_of(body) != reference:
            raise InvalidParameter(f"manifest verification failed for digest {reference}: it is {digest_of(body)}")
        return parse_manifest(body, content_type)

    async def document(self, digest: str, limit: int) -> bytes:
        """A small blob, whole and verified."""
        async with self._get(self._base / "blobs" / digest, {}) as response:
            body = await self._read(response, limit)
        if digest_of(body) != digest:
            raise InvalidParameter(f"blob verification failed for digest {digest}: it is {digest_of(body)}")
        return body

    @asynccontextmanager
    async def blob(self, digest: str, offset: int) -> AsyncIterator[aiohttp.ClientResponse]:
        """A blob's response, asked for from `offset` on. Whether the registry heeded that, its status says."""
        headers = {"Range": f"bytes={offset}-"} if offset else {}
        async with self._get(self._base / "blobs" / digest, headers) as response:
            yield response

    async def tags(self) -> list[str]:
        """All tags of the repository, page by page."""
        found: list[str] = []
        url = self._base / "tags" / "list"
        for _ in range(_TAG_PAGES_LIMIT):
            async with self._get(url, {}) as response:
                body = await self._read(response, SIZE_LIMIT)
                link = _NEXT.search(response.headers.get("Link", ""))
            found += _decode_tags(body)
            if link is None:
                return found
            url = self._endpoint.url.join(URL(link[1]))
            if url.origin() != self._endpoint.url.origin():
                break
        raise InvalidParameter(f"{self._endpoint.url.host} lists the tags of {self._reference.name} without end")

    @asynccontextmanager
    async def _get(self, url: URL, headers: dict[str, str]) -> AsyncIterator[aiohttp.ClientResponse]:
        """A successful response, after challenges and redirects."""
        response = await self._connected(url, headers)
        try:
            if response.status == 401:
                challenges = parse_challenges(response.headers.getall("WWW-Authenticate", []))
                if await self._authorizer.answer(challenges):
                    response.close()
                    response = await self._connected(url, headers)
            if response.status not in {200, 206, 416}:
                raise await self._refusal(response)
            yield response
        finally:
            response.close()

    async def _connected(self, url: URL, headers: dict[str, str]) -> aiohttp.ClientResponse:
        try:
            return await self._follow(url, headers)
        except (aiohttp.ClientError, TimeoutError) as error:
            raise Unavailable(f'Get "{url.origin()}/v2/": {_reason(error)}') from error

    async def _follow(self, url: URL, headers: dict[str, str]) -> aiohttp.ClientResponse:
        """Follow redirects. Only the registry's own origin is shown the Authorization (CVE-2020-15157)."""
        for _ in range(_REDIRECT_LIMIT):
            own = url.origin() == self._endpoint.url.origin()
            proof = {"Authorization": self._authorizer.header} if own and self._authorizer.header else {}
            response = await self._session.get(
                url,
                headers=headers | proof,
                allow_redirects=False,
                proxy=proxy_for(url),
                ssl=not (own and self._endpoint.insecure),
            )
            if response.status not in _REDIRECTS:
                return response
            response.close()
            url = self._redirected(url, response.headers.get("Location", ""))
        raise Unavailable(f"{self._endpoint.url.host} redirects more than {_REDIRECT_LIMIT} times")

    def _redirected(self, url: URL, location: str) -> URL:
        target = url.join(URL(location))
        if target.scheme not in {"https", "http"} or not target.host or not location:
            raise Unavailable(f"{url.host} redirects to what is no URL")
        if url.scheme == "https" and target.scheme == "http" and not self._endpoint.insecure:
            raise Unavailable(f"{url.host} redirects from TLS to plain HTTP")
        return target

    async def _read(self, response: aiohttp.ClientResponse, limit: int) -> bytes:
        try:
            return await read_limited(response, limit)
        except (aiohttp.ClientError, TimeoutError) as error:
            raise Unavailable(f"reading from {response.url.host}: {_reason(error)}") from error

    async def _refusal(self, response: aiohttp.ClientResponse) -> EngineError:
        try:
            body = await read_limited(response, BODY_LIMIT)
        except (aiohttp.ClientError, TimeoutError, InvalidParameter):
            body = b""  # the status says enough
        challenges: list[Challenge] = parse_challenges(response.headers.getall("WWW-Authenticate", []))
        bearer = next((one.parameters for one in challenges if one.scheme == "bearer"), {})
        return refusal(response.status, body, bearer, self._reference)


def _reason(error: aiohttp.ClientError | TimeoutError) -> str:
    if isinstance(error, aiohttp.ClientConnectorDNSError):
        return f"dial tcp: lookup {error.host}: {(error.os_error.strerror or str(error.os_error)).lower()}"
    if isinstance(error, aiohttp.ClientConnectorError):
        # asyncio words its own text; the kernel's is what people know
        cause = os.strerror(error.os_error.errno).lower() if error.os_error.errno else str(error.os_error)
        return f"dial tcp {error.host}:{error.port}: connect: {cause}"
    return str(error) or "no answer in time"


def _decode_tags(body: bytes) -> list[str]:
    try:
        return msgspec.json.decode(body, type=_Tags).tags or []
    except msgspec.DecodeError as error:
        raise InvalidParameter(f"malformed list of tags: {error}") from error
