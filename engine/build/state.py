"""What a stage has come to after some of its steps: values, which never change."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

import msgspec
from msgspec.structs import replace as struct_replace

from engine import __version__
from engine.image import platform as platforms
from engine.image.archive.compose import encode
from engine.image.config import ImageConfig, RootFS, RunConfig, Step
from engine.image.digest import digest_of
from engine.image.manifest import Descriptor

#: The digest of a tar without entries: such a layer is left out of an image, as Docker's builder does.
EMPTY_LAYER: Final = "sha256:5f70bf18a086007016e948b04aed3b82103a36bea41755b6cddfaf10ace3c6ef"

#: The label of an image that holds what a failed step has left: its value says which step.
FAILED_LABEL: Final = "portside.build.failed-step"


class Layer(msgspec.Struct, frozen=True):
    """One layer in the store: its names, its archive, and the bytes of its files."""

    chain_id: str
    diff_id: str
    blob: Descriptor
    size: int


@dataclass(frozen=True, kw_only=True)
class State:
    """A stage at one of its steps.

    `key` says how it has come about, and nothing of when: two builds with the same keys would make the same. `base` is
    the document of the image that the stage is from, empty for `scratch`.
    """

    key: str
    base: ImageConfig
    config: RunConfig
    layers: tuple[Layer, ...] = ()
    history: tuple[Step, ...] = ()
    author: str = ""

    @property
    def chain(self) -> tuple[str, ...]:
        return tuple(layer.chain_id for layer in self.layers)

    @property
    def top(self) -> str:
        """The chain ID of all layers, "" for none."""
        return self.layers[-1].chain_id if self.layers else ""

    @property
    def env(self) -> dict[str, str]:
        return environment(self.config.env or ())

    @property
    def document(self) -> ImageConfig:
        """The config of the image that this would make."""
        return struct_replace(
            self.base,
            rootfs=RootFS("layers", [layer.diff_id for layer in self.layers]),
            created=self.history[-1].created if self.history else None,
            author=self.author,
            docker_version=__version__,
            comment="",
            config=self.config,
            history=list(self.history),
        )

    def failed(self, layer: Layer | None) -> "State":
        """The state with what a step had written that failed, marked as such by a label."""
        labels = {**(self.config.labels or {}), FAILED_LABEL: self.key}
        layers = (*self.layers, layer) if layer else self.layers
        line = Step(created=self.history[-1].created if self.history else None, created_by="a step that failed",
                    empty_layer=layer is None)  # fmt: skip
        config = struct_replace(self.config, labels=labels)
        return replace(self, config=config, layers=layers, history=(*self.history, line))

    @property
    def id(self) -> str:
        """The ID of that image."""
        return digest_of(encode(self.document))


def scratch() -> State:
    """The state before a stage that is from nothing."""
    host = platforms.host()
    base = ImageConfig(RootFS("layers", []), architecture=host.architecture, os=host.os, variant=host.variant)
    return State(key="scratch", base=base, config=RunConfig())


def environment(entries: Sequence[str]) -> dict[str, str]:
    """A config's `NAME=value` entries as a mapping."""
    return {name: value for name, _, value in (entry.partition("=") for entry in entries)}
