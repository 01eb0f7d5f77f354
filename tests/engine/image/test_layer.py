"""Layers that honest tools make, and how unpacking one goes: formats, limits, cancelling, sharing."""

import asyncio
import gzip
import os
import stat
import subprocess
from pathlib import Path

import pytest
import zstandard

from engine.errors import InvalidParameter
from engine.graphdriver.overlay import OverlayDriver
from engine.image import layer
from engine.image.layer import LayerName, Layers
from engine.tasks import spawn
from tests.engine.image.archives import END, Unpacker, archive, diff_id, entry, from_tree

pytestmark = pytest.mark.root
_CAPABILITY = bytes.fromhex("0100000200040000000000000000000000000000")


def _tree(root: Path) -> Path:
    (root / "etc").mkdir(parents=True)
    (root / "etc/passwd").write_text("root:x:0:0::/:/bin/sh\n")
    (root / "bin").mkdir()
    (root / "bin/su").write_bytes(b"x" * 100_000)
    os.chown(root / "bin/su", 1234, 70_000)
    (root / "bin/su").chmod(0o4755)
    os.link(root / "bin/su", root / "bin/doas")
    (root / "bin/sh").symlink_to("/bin/su")
    (root / "tmp").mkdir()
    (root / "tmp").chmod(0o1777)
    (root / "näme\nwith lines").write_text("1")
    (root / ("d" * 200)).mkdir()
    (root / ("d" * 200) / ("f" * 200)).write_text("long")
    os.mkfifo(root / "tmp/fifo")
    os.mknod(root / "tmp/null", stat.S_IFCHR | 0o666, os.makedev(1, 3))
    for path in root.rglob("*"):
        os.utime(path, ns=(1_500_000_000_123_456_789, 1_500_000_000_123_000_000), follow_symlinks=False)
    return root


def _listing(root: Path) -> list[tuple[object, ...]]:
    def describe(path: Path) -> tuple[object, ...]:
        info = path.lstat()
        content = path.read_bytes() if path.is_file() and not path.is_symlink() else b""
        link = path.readlink() if path.is_symlink() else None
        links = 1 if stat.S_ISDIR(info.st_mode) else info.st_nlink
        owner = (info.st_uid, info.st_gid)
        return (
            path.relative_to(root),
            info.st_mode,
            owner,
            info.st_rdev,
            info.st_mtime_ns // 1000,
            links,
            link,
            content,
        )

    return sorted((describe(path) for path in root.rglob("*")), key=str)


async def test_a_tree_comes_out_as_it_went_in(tmp_path: Path, unpacker: Unpacker) -> None:
    tree = _tree(tmp_path / "tree")
    made = await unpacker.layer(from_tree(tree))
    assert _listing(made) == _listing(tree)
    assert (made / "bin/su").stat().st_ino == (made / "bin/doas").stat().st_ino


@pytest.mark.parametrize("form", ["v7", "ustar", "gnu", "posix"])
async def test_gnu_tar_in_all_its_forms(tmp_path: Path, unpacker: Unpacker, form: str) -> None:
    tree = _tree(tmp_path / "tree")
    if form == "v7":
        (tree / ("d" * 200) / ("f" * 200)).unlink()
        (tree / ("d" * 200)).rmdir()
        (tree / "tmp/fifo").unlink()
        (tree / "tmp/null").unlink()
    if form == "ustar":
        os.truncate(tree / "bin/su", 5)
        (tree / ("d" * 200) / ("f" * 200)).unlink()
        (tree / ("d" * 200)).rename(tree / "d")
    argv = ["tar", "--create", f"--format={form}", "--numeric-owner", "--directory", str(tree), "."]
    plain = subprocess.run(argv, check=True, capture_output=True).stdout
    made = await unpacker.layer(plain)
    assert [row[0:3] + row[5:] for row in _listing(made)] == [row[0:3] + row[5:] for row in _listing(tree)]


@pytest.mark.parametrize(
    "options", [["--format=gnu"], *(["--format=posix", f"--sparse-version={v}"] for v in ("0.0", "0.1", "1.0"))]
)
async def test_files_with_holes(tmp_path: Path, unpacker: Unpacker, options: list[str]) -> None:
    tree = tmp_path / "tree"
    tree.mkdir()
    with (tree / "holes").open("wb") as file:
        for number in range(40):
            file.seek(number * 1_000_000)
            file.write(b"%d" % number)
        file.truncate(50_000_000)
    (tree / "after").write_text("1")
    argv = ["tar", "--create", "--sparse", *options, "--directory", str(tree), "."]
    made = await unpacker.layer(subprocess.run(argv, check=True, capture_output=True).stdout)
    assert (made / "holes").read_bytes() == (tree / "holes").read_bytes()
    assert (made / "holes").stat().st_blocks * 512 < 1_000_000
    assert (made / "after").read_text() == "1"


async def test_extended_attributes(unpacker: Unpacker) -> None:
    pax = {"SCHILY.xattr.security.capability": _CAPABILITY.decode("latin-1"), "SCHILY.xattr.user.note": "x"}
    made = await unpacker.layer(archive(entry("ping", data=b"x", uid=5, mode=0o755, pax=pax)))
    assert os.getxattr(made / "ping", "security.capability") == _CAPABILITY
    assert os.getxattr(made / "ping", "user.note") == b"x"


@pytest.mark.parametrize(
    "pack",
    [
        lambda plain: plain,
        gzip.compress,
        lambda plain: gzip.compress(plain[:700]) + gzip.compress(plain[700:]),
        zstandard.compress,
        lambda plain: zstandard.compress(plain[:700]) + zstandard.compress(plain[700:]),
    ],
    ids=["plain", "gzip", "two gzip members", "zstd", "two zstd frames"],
)
async def test_compressions(unpacker: Unpacker, pack) -> None:
    plain = archive(entry("a", data=b"1" * 5000))
    made = await unpacker.layer(plain, blob=pack(plain))
    assert (made / "a").read_bytes() == b"1" * 5000


async def test_an_archive_may_end_without_its_end(unpacker: Unpacker) -> None:
    made = await unpacker.layer(entry("a", data=b"1"))
    assert (made / "a").read_bytes() == b"1"


async def test_an_empty_layer(unpacker: Unpacker) -> None:
    assert list((await unpacker.layer(END)).iterdir()) == []


@pytest.mark.parametrize(
    ("spoil", "reason"),
    [
        (lambda blob: blob[:-100], "end of the gzip stream"),
        (lambda blob: blob + b"garbage" * 9, "malformed gzip"),
        (lambda blob: blob[:40] + bytes(20) + blob[60:], "failed to register"),
        (lambda _: b"", "it is sha256:e3b0c4"),
        (lambda _: b"no archive at all" * 100, "malformed tar header"),
        (lambda _: gzip.compress(b"x" * 100), "unexpected end"),
        (lambda _: gzip.compress(archive(entry("other"))), "failed to register layer: it is sha256:"),
        (lambda _: zstandard.compress(archive(entry("a", data=b"x" * 9000)))[:-30], "failed to register"),
    ],
)
async def test_broken_blobs(unpacker: Unpacker, spoil, reason: str) -> None:
    plain = archive(entry("a", data=os.urandom(2000)))
    with pytest.raises(InvalidParameter, match=reason):
        await unpacker.layer(plain, blob=spoil(gzip.compress(plain)))


async def test_a_bomb_stops_at_the_limit(unpacker: Unpacker, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(layer, "SIZE_LIMIT", 10 << 20)
    with pytest.raises(InvalidParameter, match="unpacks to more than"):
        await unpacker.layer(archive(entry("zeros", data=bytes(64 << 20))))


async def test_the_disk_keeps_a_reserve(unpacker: Unpacker, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(layer, "RESERVE", 1 << 60)
    with pytest.raises(InvalidParameter, match="no space left for layers"):
        await unpacker.layer(archive(entry("a", data=b"1")))


async def test_a_cancelled_unpacking_leaves_nothing(tmp_path: Path, driver: OverlayDriver) -> None:
    plain = archive(*(entry(f"f{number}", data=b"1") for number in range(20_000)))
    (tmp_path / "blob").write_bytes(gzip.compress(plain, 1))
    name = LayerName(diff_id(plain), diff_id(plain))
    layers = Layers(driver, {})
    work = spawn(layers.add(name, tmp_path / "blob", lambda _: None), name="the unpacking", owner=set())
    while not any((tmp_path / "overlay/staging").glob("*/f1")):
        await asyncio.sleep(0.005)
    work.cancel()
    with pytest.raises(asyncio.CancelledError):
        await work
    assert not layers.has(name.chain_id)
    await layers.add(name, tmp_path / "blob", lambda _: None)
    assert layers.has(name.chain_id)


async def test_a_layer_that_two_want_is_unpacked_once(tmp_path: Path, driver: OverlayDriver) -> None:
    plain = archive(entry("a", data=b"1" * 100))
    blob = tmp_path / "blob"
    blob.write_bytes(plain)
    name = LayerName(diff_id(plain), diff_id(plain))
    layers = Layers(driver, {})

    async def add_and_break() -> None:
        await layers.add(name, blob, lambda _: None)
        blob.unlink(missing_ok=True)  # whoever is second would find nothing to unpack

    await asyncio.gather(add_and_break(), add_and_break())
    assert layers.size(name.chain_id) == 100


async def test_the_process_knows_nothing_but_the_layer(tmp_path: Path, unpacker: Unpacker) -> None:
    """Modules and tables that the image brings along are not looked at, even where Python would look for them."""
    poison = b"raise SystemExit('imported from the image')"
    names = [f"usr/lib/python3.11/{name}.py" for name in ("traceback", "linecache", "encodings/idna", "shutil")]
    hostile = entry("etc/nsswitch.conf", data=b"passwd: evil") + entry("usr/lib/libnss_evil.so.2", data=b"x")
    broken = archive(hostile, *(entry(name, data=poison) for name in names), entry("../x"))
    with pytest.raises(InvalidParameter, match="leads out of the layer"):
        await unpacker.layer(broken)
