"""What a registry has under a name, without pulling it: `GET /distribution/{name}/json`."""

from typing import Any

from engine.config import Config
from engine.errors import EngineError
from engine.image.config import SIZE_LIMIT, parse_config
from engine.image.manifest import CONFIG_TYPES, Descriptor, Index, Manifest
from engine.image.reference import Reference
from engine.registry.auth import Credentials
from engine.registry.client import RepositoryClient
from engine.registry.connection import new_session
from engine.registry.resolve import Resolver


async def inspect(reference: Reference, credentials: Credentials, config: Config) -> dict[str, Any]:
    """The descriptor of the document that the reference names, and the platforms that it is for.

    Raises the registry's NotFound and Unauthorized, and Unavailable when it does not answer.
    """
    async with new_session() as session:
        client, document = await Resolver(config, session, credentials).look(reference)
        platforms = await _platforms(client, document)
    return {"Descriptor": _descriptor(document.descriptor), "Platforms": platforms}


async def _platforms(client: RepositoryClient, document: Manifest | Index) -> list[dict[str, Any]]:
    if isinstance(document, Index):
        return [_platform(entry) for entry in document.manifests if entry.platform is not None]
    if document.config.media_type not in CONFIG_TYPES:
        return []
    config = parse_config(await client.document(document.config.digest, SIZE_LIMIT))
    return [_named(config.architecture, config.os, config.variant)]


def _platform(entry: Descriptor) -> dict[str, Any]:
    if entry.platform is None:
        raise EngineError(f"manifest {entry.digest} has no platform")
    return _named(entry.platform.architecture, entry.platform.os, entry.platform.variant)


def _named(architecture: str, os: str, variant: str) -> dict[str, Any]:
    named = {"architecture": architecture, "os": os}
    return named | ({"variant": variant} if variant else {})


def _descriptor(descriptor: Descriptor) -> dict[str, Any]:
    return {"mediaType": descriptor.media_type, "digest": descriptor.digest, "size": descriptor.size}
