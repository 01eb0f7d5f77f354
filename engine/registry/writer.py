"""One repository of one registry: the writing half of OCI's distribution API."""

import asyncio
import functools
import re
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import aiohttp
from yarl import URL

from engine.errors import NotFound, Unavailable
from engine.image.blobs import PIECE
from engine.image.manifest import Manifest
from engine.image.reference import Reference
from engine.registry.auth import Authorizer, Credentials
from engine.registry.connection import Ask, Connection
from engine.registry.endpoint import Endpoint
from engine.registry.errors import push_refusal

_OK: Final = frozenset({200})
_CREATED: Final = frozenset({201})
_ACCEPTED: Final = frozenset({201, 202})
_PROGRESS: Final = frozenset({204})
_WRITTEN: Final = frozenset({201, 202, 204})
_RANGE: Final = re.compile(r"(?:bytes=)?0-(\d+)")
_OCTETS: Final = "application/octet-stream"

#: Told how many bytes of the file have gone out.
Sent = Callable[[int], None]


@dataclass(frozen=True, slots=True)
class Span:
    """The bytes of `file` from `start` up to `end`, and who is told as they go out."""

    file: Path
    start: int
    end: int
    sent: Sent

    async def pieces(self) -> AsyncIterator[bytes]:
        with await asyncio.to_thread(self.file.open, "rb") as opened:
            opened.seek(self.start)
            place = self.start
            while place < self.end and (piece := await asyncio.to_thread(opened.read, min(PIECE, self.end - place))):
                yield piece
                place += len(piece)
                self.sent(place)


class RepositoryWriter:
    """Writes to the repository of `reference` at one endpoint.

    Raises Unauthorized, Forbidden, NotFound and InvalidParameter in the registry's own words, and Unavailable where
    another try may help.
    """

    def __init__(
        self, session: aiohttp.ClientSession, endpoint: Endpoint, reference: Reference, credentials: Credentials
    ) -> None:
        self._root = endpoint.url / "v2" / ""
        self._base = endpoint.url / "v2" / reference.path
        authorizer = Authorizer(session, endpoint, credentials, scopes=[f"repository:{reference.path}:pull,push"])
        meaning = functools.partial(push_refusal, reference=reference)
        self._connection = Connection(session, endpoint, authorizer, meaning)

    async def greet(self) -> None:
        """Is it a registry, and does it let us in?"""
        async with self._connection.open(Ask("GET", self._root), _OK):
            pass

    async def has(self, digest: str) -> bool:
        """Does the repository have the blob?"""
        try:
            async with self._connection.open(Ask("HEAD", self._base / "blobs" / digest), _OK):
                return True
        except NotFound:
            return False

    async def mount(self, digest: str, origin: str) -> URL | None:
        """Have the registry take the blob over from its repository `origin`: None when it did.

        Otherwise it has begun an upload, and this is where to.
        """
        url = (self._base / "blobs" / "uploads" / "").with_query({"mount": digest, "from": origin})
        async with self._connection.open(Ask("POST", url), _ACCEPTED) as response:
            return None if response.status == 201 else self._next(url, response)

    async def start(self) -> URL:
        """Begin an upload; returns where to."""
        url = self._base / "blobs" / "uploads" / ""
        async with self._connection.open(Ask("POST", url), _ACCEPTED) as response:
            return self._next(url, response)

    async def send(self, url: URL, span: Span) -> URL:
        """Add the span to an upload; returns where the next one goes."""
        headers = _headers(span) | {"Content-Range": f"{span.start}-{span.end - 1}"}
        async with self._connection.open(Ask("PATCH", url, headers, span.pieces), _WRITTEN) as response:
            return self._next(url, response)

    async def position(self, url: URL) -> tuple[URL, int]:
        """Where an upload goes on, and how many bytes of it the registry has. NotFound: it has forgotten it."""
        async with self._connection.open(Ask("GET", url), _PROGRESS) as response:
            said = _RANGE.fullmatch(response.headers.get("Range", ""))
            # 0-0 is what registries say of one byte as well as of none
            return self._next(url, response), int(said[1]) + 1 if said and int(said[1]) else 0

    async def finish(self, url: URL, digest: str, rest: Span | None = None) -> None:
        """End an upload, with the last of its bytes where they have not been sent."""
        headers = _headers(rest) if rest else {}
        ask = Ask("PUT", url.update_query(digest=digest), headers, rest.pieces if rest else None)
        async with self._connection.open(ask, _CREATED | _PROGRESS):
            pass

    async def put(self, reference: str, manifest: Manifest) -> None:
        """Store the manifest under a tag or its digest."""
        headers = {"Content-Type": manifest.descriptor.media_type}
        async with self._connection.open(
            Ask("PUT", self._base / "manifests" / reference, headers, manifest.raw), _CREATED
        ):
            pass

    def _next(self, url: URL, response: aiohttp.ClientResponse) -> URL:
        location = response.headers.get("Location", "")
        if not location:
            raise Unavailable(f"{url.host} does not say where an upload goes on")
        return self._connection.target(url, location)


def _headers(span: Span) -> dict[str, str]:
    return {"Content-Type": _OCTETS, "Content-Length": str(span.end - span.start)}
