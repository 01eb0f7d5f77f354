"""The images that a build takes from: those that are here, and those that it pulls."""

from collections.abc import AsyncGenerator, Mapping
from contextlib import aclosing
from dataclasses import dataclass, field
from typing import Any, Protocol

from engine.build.messages import Messages
from engine.build.request import BuildRequest
from engine.build.state import Layer, State
from engine.errors import NotFound, NotSupported
from engine.image import platform as platforms
from engine.image.config import RunConfig
from engine.image.image import Image
from engine.image.locks import NamedLocks
from engine.image.platform import Platform
from engine.image.reference import Reference, parse
from engine.image.service import Images
from engine.registry.auth import Credentials


class Puller(Protocol):
    """What this needs of the registry's part."""

    def pull(
        self, reference: Reference, platform: Platform | None = None, credentials: Credentials = ...
    ) -> AsyncGenerator[Mapping[str, Any], None]: ...


@dataclass(frozen=True, kw_only=True)
class Bases:
    """Finds images for one build; each is pulled once at most."""

    images: Images
    puller: Puller
    request: BuildRequest
    messages: Messages
    _pulled: set[str] = field(default_factory=set)
    _locks: NamedLocks = field(default_factory=NamedLocks)

    async def find(self, reference: str, platform: str = "") -> State:
        """The state of a stage that begins with the image. Raises what a pull can fail with, and NotSupported for
        another platform than the host's."""
        check_platform(platform)
        async with self._locks.hold(reference):
            if (self.request.pull and reference not in self._pulled) or not self._is_here(reference):
                await self._pull(reference)
                self._pulled.add(reference)
        return state_of(self.images, self.images.get(reference))

    def _is_here(self, reference: str) -> bool:
        try:
            self.images.get(reference)
        except NotFound:
            return False
        return True

    async def _pull(self, text: str) -> None:
        reference = parse(text)
        if reference.digest is None:
            reference = reference.with_default_tag()
        credentials = self.request.credentials_for(reference.host)
        async with aclosing(self.puller.pull(reference, None, credentials)) as progress:
            async for message in progress:
                await self.messages.put(message)


def state_of(images: Images, image: Image) -> State:
    """A stage's beginning. Raises NotFound when the store lacks a layer's archive."""
    record = images.catalog.record(image.id)
    if missing := next((blob for blob in record.layers if not images.blobs.has(blob.digest)), None):
        raise NotFound(f"the store has no archive {missing.digest} of image {image.id}: pull the image again")
    parts = zip(image.layers, image.config.rootfs.diff_ids, record.layers, record.sizes, strict=True)
    return State(
        key=image.id,
        base=image.config,
        config=image.config.config or RunConfig(),
        layers=tuple(Layer(chain, diff, blob, size) for chain, diff, blob, size in parts),
        history=tuple(image.config.history or ()),
        author=image.config.author,
    )


def check_platform(text: str) -> None:
    """Raises NotSupported for a platform that the host can't run, InvalidParameter for what is none."""
    if text and platforms.rank(platforms.host(), platforms.parse(text)) is None:
        raise NotSupported(f"platform {text}: this host builds for {platforms.host()} only")
