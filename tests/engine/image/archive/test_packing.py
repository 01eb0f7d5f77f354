"""A container's layer as an image layer, and back."""

import gzip
import io
import os
import socket
import tarfile
from pathlib import Path

import pytest

from engine.graphdriver.driver import Marks, Staging
from engine.image.archive.packing import pack_layer, pack_tree
from tests.engine.image.archives import Unpacker

pytestmark = pytest.mark.root

_CAPABILITY = bytes.fromhex("0100000200040000000000000000000000000000")


def _written(root: Path) -> Path:
    """What a container may have written, as overlayfs keeps it."""
    root.mkdir()
    for folder in ("bin", "home", "etc", "dev"):
        (root / folder).mkdir()
    os.mknod(root / "bin/vi", 0o020000)
    os.setxattr(root / "home", "trusted.overlay.opaque", b"y")
    (root / "home/new").write_bytes(b"x" * 600_000)
    (root / "home/zz-link").hardlink_to(root / "home/new")
    (root / "etc/hosts").touch()
    (root / "etc/ping").write_bytes(b"ping")
    os.chown(root / "etc/ping", 1000, 70_000)
    (root / "etc/ping").chmod(0o4755)
    os.setxattr(root / "etc/ping", "security.capability", _CAPABILITY)
    os.setxattr(root / "etc/ping", "trusted.overlay.origin", b"no business of others")
    (root / "out").symlink_to("/etc/passwd")
    os.mkfifo(root / "fifo")
    (root / "näme\udcff").write_bytes(b"")
    (root / ".wh.fake").touch()
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(root / "sock"))
    return root


async def test_layer_round_trip(tmp_path: Path, unpacker: Unpacker) -> None:
    root = _written(tmp_path / "diff")
    one = await pack_layer(Staging(root, Marks.OVERLAY), tmp_path / "one")
    assert one == await pack_layer(Staging(root, Marks.OVERLAY), tmp_path / "two"), "the same files make the same layer"
    blob = (tmp_path / "one").read_bytes()
    assert one.size == len(blob)
    with tarfile.open(fileobj=io.BytesIO(blob), encoding="utf-8", errors="surrogateescape") as tar:
        assert tar.getnames() == [
            *("bin", "bin/.wh.vi", "etc", "etc/ping", "fifo", "home", "home/.wh..wh..opq", "home/new"),
            *("home/zz-link", "näme\udcff", "out"),
        ]
        assert tar.getmember("home/zz-link").islnk()
    layer = await unpacker.layer(gzip.decompress(blob), blob=blob)
    assert os.lstat(layer / "bin/vi").st_rdev == 0
    assert os.getxattr(layer / "home", "trusted.overlay.opaque") == b"y"
    assert (layer / "home/new").samefile(layer / "home/zz-link")
    assert os.getxattr(layer / "etc/ping", "security.capability") == _CAPABILITY
    assert os.listxattr(layer / "etc/ping") == ["security.capability"]
    info = (layer / "etc/ping").stat()
    assert (info.st_uid, info.st_gid, info.st_mode & 0o7777) == (1000, 70_000, 0o4755)
    assert (layer / "out").readlink() == Path("/etc/passwd")


async def test_tree_keeps_everything_but_sockets(tmp_path: Path) -> None:
    root = _written(tmp_path / "diff")
    data = b"".join([piece async for piece in pack_tree(root)])
    with tarfile.open(fileobj=io.BytesIO(data), encoding="utf-8", errors="surrogateescape") as tar:
        names = tar.getnames()
        assert {".wh.fake", "dev", "etc/hosts", "bin/vi", "fifo"} < set(names)
        assert "sock" not in names
        assert tar.getmember("out").linkname == "/etc/passwd", "a link is carried, not followed"
        content = tar.extractfile("home/new")
        assert content is not None
        assert content.read() == b"x" * 600_000


async def test_a_reader_that_leaves_ends_the_child(tmp_path: Path) -> None:
    root = _written(tmp_path / "diff")
    (root / "big").write_bytes(bytes(4 << 20))
    pieces = pack_tree(root)
    await anext(pieces)
    await pieces.aclose()
