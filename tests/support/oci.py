"""Writing images as OCI layouts: layers from folders, a config, a manifest, an index.

Rules: the OCI image specification's image-layout.md and layer.md.
"""

import hashlib
import json
import os
import stat
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from isal import igzip

CHUNK: Final = 1 << 20
_LAYER: Final = "application/vnd.oci.image.layer.v1.tar+gzip"
_CONFIG: Final = "application/vnd.oci.image.config.v1+json"
_MANIFEST: Final = "application/vnd.oci.image.manifest.v1+json"
_INDEX: Final = "application/vnd.oci.image.index.v1+json"


@dataclass(frozen=True)
class Blob:
    """A file in a layout's blobs/sha256, with the digest of its uncompressed bytes where it is a layer."""

    media_type: str
    digest: str
    size: int
    diff_id: str = ""

    @property
    def descriptor(self) -> dict[str, Any]:
        return {"mediaType": self.media_type, "digest": self.digest, "size": self.size}


@dataclass(frozen=True)
class Layout:
    """A folder with one image in it. `layers` are lowest first."""

    path: Path

    @classmethod
    def create(cls, path: Path) -> "Layout":
        (path / "blobs/sha256").mkdir(parents=True)
        (path / "oci-layout").write_text('{"imageLayoutVersion": "1.0.0"}')
        return cls(path)

    @property
    def layers(self) -> list[Blob]:
        manifest = self._read(json.loads((self.path / "index.json").read_bytes())["manifests"][0]["digest"])
        diff_ids = self._read(manifest["config"]["digest"])["rootfs"]["diff_ids"]
        return [
            Blob(_LAYER, entry["digest"], entry["size"], diff_id)
            for entry, diff_id in zip(manifest["layers"], diff_ids, strict=True)
        ]

    def blob(self, digest: str) -> Path:
        return self.path / "blobs" / digest.replace(":", "/")

    def add_tree(self, root: Path, *, exclude: Sequence[str] = ()) -> Blob:
        """A gzipped tar of `root`, in which overlayfs' whiteouts have become OCI's; `exclude` as in tar."""
        mark_whiteouts(root)
        argv = ["tar", "--create", "--sort=name", "--numeric-owner", "--xattrs", "--xattrs-include=security.*"]
        argv += [f"--exclude={pattern}" for pattern in exclude]
        partial = self.path / "blobs/layer.part"
        with subprocess.Popen([*argv, "--directory", str(root), "."], stdout=subprocess.PIPE) as tar:
            assert tar.stdout is not None
            plain = hashlib.sha256()
            with igzip.open(partial, "wb", compresslevel=1) as packed:
                while chunk := tar.stdout.read(CHUNK):
                    plain.update(chunk)
                    packed.write(chunk)
        if tar.returncode:
            raise RuntimeError(f"tar of {root} failed with {tar.returncode}")
        return self._adopt(partial, diff_id=f"sha256:{plain.hexdigest()}")

    def adopt_layers(self, other: "Layout") -> list[Blob]:
        """The other layout's layers, shared by hard links."""
        layers = other.layers
        for layer in layers:
            self.blob(layer.digest).hardlink_to(other.blob(layer.digest))
        return layers

    def finish(self, layers: Sequence[Blob], config: Mapping[str, Any], history: Sequence[str]) -> None:
        """Write config, manifest and index; `config` is the image config's inner `config`, one history line a layer."""
        image = {
            "architecture": architecture(),
            "os": "linux",
            "created": "2024-01-01T00:00:00Z",
            "config": dict(config),
            "rootfs": {"type": "layers", "diff_ids": [layer.diff_id for layer in layers]},
            "history": [{"created": "2024-01-01T00:00:00Z", "created_by": line} for line in history],
        }
        manifest = {
            "schemaVersion": 2,
            "mediaType": _MANIFEST,
            "config": self._write(_CONFIG, image).descriptor,
            "layers": [layer.descriptor for layer in layers],
        }
        entry = self._write(_MANIFEST, manifest).descriptor
        index = {"schemaVersion": 2, "mediaType": _INDEX, "manifests": [entry]}
        (self.path / "index.json").write_text(json.dumps(index))

    def unpack(self, root: Path) -> None:
        """Lay the layers, which hold no whiteouts, over each other in `root`."""
        root.mkdir(parents=True, exist_ok=True)
        for layer in self.layers:
            argv = ["tar", "--extract", "--gzip", "--numeric-owner", "--preserve-permissions", "--xattrs"]
            subprocess.run([*argv, "--file", self.blob(layer.digest), "--directory", root], check=True)

    def _adopt(self, partial: Path, *, diff_id: str) -> Blob:
        with partial.open("rb") as stream:
            digest = f"sha256:{hashlib.file_digest(stream, 'sha256').hexdigest()}"
        size = partial.stat().st_size
        partial.rename(self.blob(digest))
        return Blob(_LAYER, digest, size, diff_id)

    def _write(self, media_type: str, document: Mapping[str, Any]) -> Blob:
        data = json.dumps(document).encode()
        blob = Blob(media_type, f"sha256:{hashlib.sha256(data).hexdigest()}", len(data))
        self.blob(blob.digest).write_bytes(data)
        return blob

    def _read(self, digest: str) -> Any:
        return json.loads(self.blob(digest).read_bytes())


def architecture() -> str:
    """This machine's name in Go's words, which are OCI's."""
    return {"x86_64": "amd64", "aarch64": "arm64"}.get(os.uname().machine, os.uname().machine)


def mark_whiteouts(upper: Path) -> None:
    """Turn overlayfs' marks of deletion (character device 0:0, the opaque attribute) into `.wh.` files."""
    for folder, folders, files in os.walk(upper):
        for name in (*folders, *files):
            path = Path(folder, name)
            status = path.lstat()
            if stat.S_ISCHR(status.st_mode) and status.st_rdev == 0:
                path.unlink()
                path.with_name(f".wh.{name}").touch()
            elif stat.S_ISDIR(status.st_mode) and "trusted.overlay.opaque" in os.listxattr(path):
                (path / ".wh..wh..opq").touch()
