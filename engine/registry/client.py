"""One repository of one registry: the reading half of OCI's distribution API (Docker Registry HTTP API V2)."""

import functools
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final

import aiohttp
import msgspec
from yarl import URL

from engine.errors import InvalidParameter
from engine.image.digest import digest_of, is_digest
from engine.image.manifest import ACCEPTED, SIZE_LIMIT, Index, Manifest, parse_manifest
from engine.image.reference import Reference
from engine.registry.auth import Authorizer, Credentials
from engine.registry.connection import Ask, Connection
from engine.registry.endpoint import Endpoint
from engine.registry.errors import refusal

_TAG_PAGES_LIMIT: Final = 1000
_NEXT: Final = re.compile(r'<([^>]+)>\s*;\s*rel="?next"?')
_OK: Final = frozenset({200})
_GOOD: Final = frozenset({200, 206, 416})
_ACCEPT: Final = {"Accept": ", ".join(ACCEPTED)}


class _Tags(msgspec.Struct):
    tags: list[str] | None = None


class RepositoryClient:
    """Reads from the repository of `reference` at one endpoint.

    Raises NotFound, Unauthorized and Unavailable in Docker's words, and Unavailable where no answer came at all.
    """

    def __init__(
        self, session: aiohttp.ClientSession, endpoint: Endpoint, reference: Reference, credentials: Credentials
    ) -> None:
        self.is_mirror = endpoint.mirror
        self._reference = reference
        self._base = endpoint.url / "v2" / reference.path
        authorizer = Authorizer(session, endpoint, credentials, scopes=[f"repository:{reference.path}:pull"])
        meaning = functools.partial(refusal, reference=reference)
        self._connection = Connection(session, endpoint, authorizer, meaning)

    async def manifest(self, reference: str) -> Manifest | Index:
        """The document of a tag or a digest; one asked for by digest is verified against it."""
        async with self._get(self._base / "manifests" / reference, _ACCEPT) as response:
            body = await self._connection.read(response, SIZE_LIMIT)
            content_type = response.headers.get("Content-Type", "")
        if ":" in reference and digest_of(body) != reference:
            raise InvalidParameter(f"manifest verification failed for digest {reference}: it is {digest_of(body)}")
        return parse_manifest(body, content_type)

    async def digest(self, reference: str) -> str | None:
        """The digest of a tag's document, without the document; None where the registry does not tell it."""
        async with self._connection.open(Ask("HEAD", self._base / "manifests" / reference, _ACCEPT), _OK) as response:
            said = response.headers.get("Docker-Content-Digest", "")
            return said if is_digest(said) else None

    async def document(self, digest: str, limit: int) -> bytes:
        """A small blob, whole and verified."""
        async with self._get(self._base / "blobs" / digest, {}) as response:
            body = await self._connection.read(response, limit)
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
                body = await self._connection.read(response, SIZE_LIMIT)
                link = _NEXT.search(response.headers.get("Link", ""))
            found += _decode_tags(body)
            if link is None:
                return found
            url = self._connection.endpoint.url.join(URL(link[1]))
            if url.origin() != self._connection.endpoint.url.origin():
                break
        raise InvalidParameter(
            f"{self._connection.endpoint.url.host} lists the tags of {self._reference.name} without end"
        )

    @asynccontextmanager
    async def _get(self, url: URL, headers: dict[str, str]) -> AsyncIterator[aiohttp.ClientResponse]:
        async with self._connection.open(Ask("GET", url, headers), _GOOD) as response:
            yield response


def _decode_tags(body: bytes) -> list[str]:
    try:
        return msgspec.json.decode(body, type=_Tags).tags or []
    except msgspec.DecodeError as error:
        raise InvalidParameter(f"malformed list of tags: {error}") from error
