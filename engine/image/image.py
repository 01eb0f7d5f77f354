"""An image, as the engine's other parts see it."""

from dataclasses import dataclass

from engine.image.config import ImageConfig
from engine.image.platform import Platform


@dataclass(frozen=True, slots=True)
class Image:
    """One image at one moment.

    `id` is the digest of its config, `config` that document, `layers` the chain IDs of its layers, lowest first.
    `size` is the bytes of all files in all layers. `repo_tags` and `repo_digests` are familiar references.
    """

    id: str
    config: ImageConfig
    layers: tuple[str, ...]
    size: int
    repo_tags: tuple[str, ...] = ()
    repo_digests: tuple[str, ...] = ()
    tagged: str | None = None
    layer_sizes: tuple[int, ...] = ()

    @property
    def architecture(self) -> str:
        return self.config.architecture

    @property
    def os(self) -> str:
        return self.config.os

    @property
    def variant(self) -> str:
        return self.config.variant

    @property
    def platform(self) -> Platform:
        return Platform(self.os or "linux", self.architecture, self.variant)

    @property
    def created(self) -> str | None:
        """RFC 3339 text, as the image's maker wrote it."""
        return self.config.created

    @property
    def labels(self) -> dict[str, str]:
        return (self.config.config and self.config.config.labels) or {}
