"""From a reference to one image's manifest, through whichever endpoint has it."""

import functools
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Final, TypeVar

import aiohttp

from engine.config import Config
from engine.errors import EngineError, InvalidParameter, NotFound, Unavailable
from engine.image.manifest import Descriptor, Index, Manifest
from engine.image.platform import Platform
from engine.image.reference import Reference
from engine.registry.auth import NOBODY, Credentials
from engine.registry.client import RepositoryClient
from engine.registry.endpoint import endpoints_for
from engine.registry.retry import heed

#: An index in an index happens; a tower of them is an attack.
_NESTING_LIMIT: Final = 3

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Resolved:
    """What a reference turned out to be. `digest` is that of the document it names: an index's or the manifest's.

    `clients` are those that may have the blobs: the one that had the manifest, then those that were not asked.
    """

    clients: tuple[RepositoryClient, ...]
    manifest: Manifest
    digest: str


class Resolver:
    """Finds manifests and tags for one pull."""

    def __init__(self, config: Config, session: aiohttp.ClientSession, credentials: Credentials) -> None:
        self._config = config
        self._session = session
        self._credentials = credentials

    async def resolve(self, reference: Reference, wanted: Platform) -> Resolved:
        """The manifest of `reference` for a platform. Raises the last endpoint's error when none has it."""
        clients = self._clients(reference)
        client, (manifest, digest) = await self._first(reference, lambda one: _resolve(one, reference, wanted), clients)
        return Resolved(tuple(clients[clients.index(client) :]), manifest, digest)

    async def look(self, reference: Reference) -> tuple[RepositoryClient, Manifest | Index]:
        """The very document that `reference` names, and who gave it."""
        return await self._first(
            reference, lambda client: client.manifest(reference.digest or reference.tag or "latest")
        )

    async def digest(self, reference: Reference) -> str | None:
        """The digest of the document that a tag names, where it can be had for less than the document."""
        return (await self._first(reference, lambda client: client.digest(reference.tag or "latest")))[1]

    async def tags(self, reference: Reference) -> list[str]:
        """All tags of the repository."""
        return (await self._first(reference, lambda client: client.tags()))[1]

    async def _first(
        self,
        reference: Reference,
        question: Callable[[RepositoryClient], Awaitable[T]],
        clients: Sequence[RepositoryClient] = (),
    ) -> tuple[RepositoryClient, T]:
        """The first endpoint that has an answer, and that. Whatever a mirror refuses, the registry itself is asked."""
        failure: EngineError | None = None
        for client in clients or self._clients(reference):
            try:
                return client, await heed(functools.partial(question, client))
            except EngineError as error:
                if not client.is_mirror and not isinstance(error, (NotFound, Unavailable)):
                    raise
                failure = _weightier(failure, error)
        raise failure or NotFound(f"no registry to ask for {reference.familiar}")

    def _clients(self, reference: Reference) -> list[RepositoryClient]:
        return [
            RepositoryClient(self._session, endpoint, reference, NOBODY if endpoint.mirror else self._credentials)
            for endpoint in endpoints_for(reference, self._config)
        ]


def _weightier(earlier: EngineError | None, later: EngineError) -> EngineError:
    """A registry's answer says more than that another way to it was closed."""
    return (
        later if earlier is None or isinstance(earlier, Unavailable) or not isinstance(later, Unavailable) else earlier
    )


async def _resolve(client: RepositoryClient, reference: Reference, wanted: Platform) -> tuple[Manifest, str]:
    document = await client.manifest(reference.digest or reference.tag or "latest")
    digest = document.descriptor.digest
    for _ in range(_NESTING_LIMIT):
        if isinstance(document, Manifest):
            return document, digest
        document = await _chosen(client, document, wanted)
    raise InvalidParameter(f"{reference.familiar}: indexes are nested more than {_NESTING_LIMIT} deep")


async def _chosen(client: RepositoryClient, index: Index, wanted: Platform) -> Manifest | Index:
    entry: Descriptor = index.choose(wanted)
    document = await client.manifest(entry.digest)
    if document.descriptor.size != entry.size or document.descriptor.media_type != entry.media_type:
        raise InvalidParameter(f"manifest {entry.digest} is not what its index says of it")
    return document
