"""Where the drivers keep things, and how short a layer's name must be.

```
<root>/layers/<name>/              one layer's files; mount(2) is called with this folder as working directory
<root>/layers/none/                an empty folder, the lower layer of an image without layers
<root>/containers/<key>/           mount.json; with overlayfs diff/ (written files), work/ (the kernel's own) and
                                   merged/ (mount point), with copies root/
<root>/staging/<token>/            layers that are being unpacked
<root>/trash/<token>/              what is being deleted: a rename puts it here, so that it is gone at once
```
"""

import base64
import secrets
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import msgspec

from engine.errors import InvalidParameter

#: mount(2) takes one page of options. 127 names of this length with their colons, and the rest, fit in 4,095 bytes;
#: 28 characters of base64url are 168 bits of the layer's SHA-256, too many to be made to collide.
NAME_LENGTH: Final = 28
NO_LAYER: Final = "none"


class MountPlan(msgspec.Struct, frozen=True):
    """What `mount.json` says of a container layer: its layers' chain IDs, lowest first."""

    layers: tuple[str, ...]
    ephemeral: bool = False


@dataclass(frozen=True, slots=True)
class Layout:
    """The folders below one driver's root."""

    root: Path

    @property
    def layers(self) -> Path:
        return self.root / "layers"

    @property
    def containers(self) -> Path:
        return self.root / "containers"

    @property
    def staging(self) -> Path:
        return self.root / "staging"

    @property
    def trash(self) -> Path:
        return self.root / "trash"

    def make(self) -> None:
        """Create what is missing. Only root may pass: layers hold setuid files of strangers (CVE-2021-41091)."""
        for folder in (self.root, self.layers, self.containers, self.staging, self.trash):
            folder.mkdir(mode=0o700, exist_ok=True)
            folder.chmod(0o700)
        (self.layers / NO_LAYER).mkdir(exist_ok=True)

    def layer(self, layer: str) -> Path:
        return self.layers / layer_name(layer)

    def container(self, key: str) -> Path:
        return self.containers / key

    def new_staging(self) -> Path:
        return self.staging / secrets.token_hex(8)

    def new_trash(self) -> Path:
        return self.trash / secrets.token_hex(8)


def layer_name(layer: str) -> str:
    """The folder name of a layer's chain ID; raises InvalidParameter when it is none."""
    algorithm, _, digest = layer.partition(":")
    try:
        raw = bytes.fromhex(digest)
    except ValueError:
        raw = b""
    if algorithm != "sha256" or len(raw) != 32:
        raise InvalidParameter(f"not a layer's chain ID: {layer!r}")
    return base64.urlsafe_b64encode(raw).decode()[:NAME_LENGTH]
