"""Layers by compressions that no manifest knows: taken in, and gzipped on the way."""

import bz2
import gzip
import hashlib
import lzma
import os
import re
import subprocess
import sys
import tarfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import zstandard

from engine.errors import InvalidParameter
from engine.image.archive.compose import Credits, import_
from engine.image.config import RunConfig
from engine.image.manifest import Descriptor
from tests.engine.image.archive.bundles import LAYER, docker, loaded, pieces, sha
from tests.engine.image.shelf import Shelf

pytestmark = pytest.mark.root

_LARGE = 120 << 20
_TAR = "application/vnd.oci.image.layer.v1.tar"
_FORMS: dict[str, tuple[Callable[[bytes], bytes], str]] = {
    "plain": (bytes, _TAR),
    "gzip": (gzip.compress, f"{_TAR}+gzip"),
    "zstd": (zstandard.compress, f"{_TAR}+zstd"),
    "bzip2": (bz2.compress, f"{_TAR}+gzip"),
    "xz": (lzma.compress, f"{_TAR}+gzip"),
}


def _layer(shelf: Shelf, image: str) -> Descriptor:
    (descriptor,) = shelf.images.catalog.record(shelf.images.get(image).id).layers
    assert descriptor.size == shelf.images.blobs.path(descriptor.digest).stat().st_size
    return descriptor


async def _imported(shelf: Shelf, data: bytes) -> str:
    return await import_(shelf.images, pieces(data), RunConfig(), credits_=Credits(), platform=None)


@pytest.mark.parametrize(("compress", "media_type"), _FORMS.values(), ids=_FORMS)
async def test_import(compress: Callable[[bytes], bytes], media_type: str, shelf: Shelf) -> None:
    image = await _imported(shelf, compress(LAYER))
    assert shelf.images.get(image).config.rootfs.diff_ids == [f"sha256:{sha(LAYER)}"]
    kept = _layer(shelf, image)
    assert kept.media_type == media_type
    raw = shelf.images.blobs.path(kept.digest).read_bytes()
    assert kept.digest == f"sha256:{sha(raw)}"
    assert raw == compress(LAYER) if compress in {bytes, zstandard.compress} else raw[:2] == b"\x1f\x8b"


@pytest.mark.parametrize(("compress", "media_type"), _FORMS.values(), ids=_FORMS)
async def test_load(compress: Callable[[bytes], bytes], media_type: str, shelf: Shelf) -> None:
    """The archive is compressed so, and the layer in it too: by what is not named anywhere."""
    data = docker({"l/layer.tar": compress(LAYER)})
    assert await loaded(shelf, compress(data)) == [{"stream": "Loaded image: app:1\n"}]
    assert _layer(shelf, "app:1").media_type == media_type


@pytest.mark.parametrize("name", ["bzip2", "xz"])
async def test_what_is_broken_is_refused_and_leaves_nothing(name: str, shelf: Shelf) -> None:
    broken = _FORMS[name][0](LAYER)[:-12]
    with pytest.raises(InvalidParameter, match="invalid archive: unexpected end of the compressed stream"):
        await _imported(shelf, broken)
    with pytest.raises(InvalidParameter, match="unexpected end"):
        await loaded(shelf, docker({"l/layer.tar": broken}))
    assert shelf.files() == (0, 0)


def test_a_large_layer_takes_little_memory(tmp_path: Path) -> None:
    """120 MB out of some 20 KB: the child that reads them keeps no more than a few pieces."""
    packed = tmp_path / "layer.xz"
    with lzma.open(packed, "wb", preset=0) as file:
        for piece in _zeros():
            file.write(piece)
    (tmp_path / "nothing").mkdir()
    limits = [str(1 << 40), "0", str(os.getpid())]
    argv = [sys.executable, "-m", "engine.image.archive.recode", "gzip", str(tmp_path / "nothing"), *limits]
    most = 0
    with (
        packed.open("rb") as source,
        subprocess.Popen(argv, stdin=source, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE) as child,
    ):
        while child.poll() is None:
            time.sleep(0.01)
            most = max(most, _high_water_mark(child.pid))
        _, said = child.communicate()
    plain = hashlib.sha256()
    for piece in _zeros():
        plain.update(piece)
    assert plain.hexdigest().encode() in said
    assert 0 < most < 100 << 20  # the interpreter alone has a third of it


def _high_water_mark(pid: int) -> int:
    """The most memory that it has had so far, in bytes; 0 when it has just ended."""
    status = Path(f"/proc/{pid}/status").read_text()
    found = re.search(r"VmHWM:\s+(\d+) kB", status)
    return int(found[1]) << 10 if found else 0


def _zeros() -> Iterator[bytes]:
    info = tarfile.TarInfo("zeros")
    info.size = _LARGE
    yield info.tobuf()
    for _ in range(_LARGE >> 20):
        yield bytes(1 << 20)
    yield bytes(1024)
