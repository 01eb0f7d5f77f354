"""Layers that mean harm: each is refused, or does its worst within its own folder."""

import os
import stat
from pathlib import Path

import pytest

from engine.errors import InvalidParameter
from tests.engine.image.archives import END, Unpacker, aimed, archive, entry

pytestmark = pytest.mark.root


def raw(
    name: bytes = b"a", *, kind: bytes = b"0", size: bytes = b"00000000000\0", spoil: bool = False, **at: bytes
) -> bytes:
    """A header block by hand; `at` puts bytes at an offset (`x124=b"…"`)."""
    block = bytearray(512)
    block[: len(name)] = name
    block[100:108] = block[108:116] = block[116:124] = b"0000644\0"
    block[124:136] = size
    block[136:148] = b"00000000000\0"
    block[156:157] = kind
    block[257:265] = b"ustar\x0000"
    for offset, value in at.items():
        block[int(offset[1:]) : int(offset[1:]) + len(value)] = value
    block[148:156] = b" " * 8
    block[148:156] = b"%06o\0 " % (sum(block) + spoil)
    return bytes(block)


def pax(*records: bytes, length: int | None = None) -> bytes:
    body = b"".join(records)
    size = b"%011o\0" % (len(body) if length is None else length)
    return raw(b"PaxHeader", kind=b"x", size=size) + body + bytes(-len(body) % 512)


def record(key: bytes, value: bytes) -> bytes:
    length = len(key) + len(value) + 3
    while len(b"%d" % length) + len(key) + len(value) + 3 != length:
        length = len(b"%d" % length) + len(key) + len(value) + 3
    return b"%d %s=%s\n" % (length, key, value)


REFUSED = {
    "name that climbs out": (entry("../outside"), "leads out"),
    "name that climbs out later": (entry("a/../../outside"), "leads out"),
    "absolute name that climbs out": (entry("/../outside"), "leads out"),
    "hardlink that climbs out": (entry("a", "link", linkname="../../etc/passwd"), "leads out"),
    "hardlink to an absolute host file": (entry("a", "link", linkname="/etc/passwd"), "No such file"),
    "hardlink to itself": (entry("a") + entry("a", "link", linkname="a"), "No such file"),
    "hardlink to a folder": (entry("d", "dir") + entry("a", "link", linkname="d"), "not permitted"),
    "hardlink through a symlink out": (
        entry("s", "symlink", linkname="/etc") + entry("a", "link", linkname="s/passwd"),
        "No such file",
    ),
    "file below a file": (entry("a") + entry("a/b"), "used as a folder"),
    "file below a dangling symlink": (entry("a", "symlink", linkname="gone") + entry("a/b"), "used as a folder"),
    "file below a loop of symlinks": (
        entry("a", "symlink", linkname="b") + entry("b", "symlink", linkname="a") + entry("a/x"),
        "symbolic links",
    ),
    "root as a file": (entry("."), "root is not a folder"),
    "root as a symlink": (entry("./", "symlink", linkname="/etc"), "root is not a folder"),
    "nothing as a name": (raw(b""), "root is not a folder"),
    "whiteout of nothing": (entry(".wh."), "invalid whiteout"),
    "whiteout of .": (entry("d/.wh.."), "invalid whiteout"),
    "whiteout of ..": (entry("d/.wh..."), "invalid whiteout"),
    "whiteout as a folder": (entry(".wh.d/x"), "whiteout is used as a folder"),
    "hard link to a whiteout": (entry(".wh.a") + entry("b", "link", linkname="a"), "No such file"),
    "hard link to a whiteout by its name": (entry(".wh.a") + entry("b", "link", linkname=".wh.a"), "No such file"),
    "whiteout that climbs out": (entry("../.wh.etc"), "leads out"),
    "overlayfs' own whiteout": (entry("a", "chr", devmajor=0, devminor=0), "0:0 is not allowed"),
    "overlayfs' attributes": (entry("d", "dir", pax={"SCHILY.xattr.trusted.overlay.opaque": "y"}), "not allowed"),
    "overlayfs' redirect": (entry("d", "dir", pax={"SCHILY.xattr.trusted.overlay.redirect": "/x"}), "not allowed"),
    "overlayfs' user attributes": (entry("a", pax={"SCHILY.xattr.user.overlay.whiteout": "y"}), "not allowed"),
    "device number too large": (raw(kind=b"3", x329=b"7777777\0"), "device number"),
    "type that nobody knows": (raw(kind=b"Z"), "unhandled tar entry type"),
    "path of 64 KiB": (entry("d/" * 32768 + "x"), "too long"),
    "name of 300 bytes": (entry("n" * 300), "too long"),
    "NUL in a PAX name": (pax(record(b"path", b"a\0b")) + raw(), "NUL in a name"),
    "negative size": (raw(size=b"\xff" * 12), "size -1"),
    "size of 2^90": (raw(size=b"\x80" + b"\x7f" * 11), "size"),
    "negative PAX size": (pax(record(b"size", b"-1")) + raw(), "malformed PAX record"),
    "huge PAX size": (pax(record(b"size", b"99999999999999999999")) + raw(), "size 9999"),
    "PAX size beyond the end": (pax(record(b"size", b"1099511627776")) + raw() + b"data", "unexpected end"),
    "PAX header of 8 GiB": (pax(record(b"path", b"x"), length=(1 << 33) - 1), "extension header"),
    "PAX record longer than its header": (pax(b"99 path=x\n") + raw(), "malformed PAX"),
    "PAX record of no length": (pax(b"0 path=x\n") + raw(), "malformed PAX"),
    "PAX record without a key": (pax(b"5 =x\n") + raw(), "malformed PAX"),
    "PAX owner beyond 32 bits": (entry("a", uid=1 << 40), "owner"),
    "owner that means nobody": (entry("a", uid=(1 << 32) - 1), "owner"),
    "wrong checksum": (raw(spoil=True), "wrong checksum"),
    "number that is none": (raw(size=b"0000000009x\0"), "no octal number"),
    "sparse map of 2^60 with data beyond the file": (
        pax(record(b"GNU.sparse.map", b"%d,5" % (1 << 60)), record(b"GNU.sparse.size", b"10")) + raw(),
        "malformed sparse map",
    ),
    "sparse pieces that overlap": (
        pax(record(b"GNU.sparse.map", b"0,4,2,4"), record(b"GNU.sparse.size", b"10"))
        + raw(size=b"%011o\0" % 8)
        + bytes(512),
        "malformed sparse map",
    ),
    "sparse file of 2^62": (
        pax(record(b"GNU.sparse.map", b"0,1"), record(b"GNU.sparse.size", b"%d" % (1 << 62)))
        + raw(size=b"%011o\0" % 1)
        + bytes(512),
        "too large",
    ),
    "sparse map without end": (
        pax(record(b"GNU.sparse.major", b"1"), record(b"GNU.sparse.minor", b"0"), record(b"GNU.sparse.realsize", b"1"))
        + raw(size=b"%011o\0" % 1024)
        + b"9" * 1024,
        "malformed sparse map",
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", REFUSED.values(), ids=REFUSED.keys())
async def test_refused(tmp_path: Path, unpacker: Unpacker, case: tuple[bytes, str]) -> None:
    hostile, reason = case
    with pytest.raises(InvalidParameter, match=reason):
        await unpacker.layer(entry("before") + hostile + END)
    assert sorted(path.name for path in (tmp_path / "overlay/layers").iterdir()) == ["none"]
    assert not (tmp_path / "outside").exists()


CONFINED = {
    "absolute name": (entry("/made", data=b"1"), "made"),
    "name with dots": (entry("a/./b/../made", data=b"1"), "a/made"),
    "write through an absolute symlink": (
        entry("s", "symlink", linkname="{victim}") + entry("s/made", data=b"1"),
        None,
    ),
    "write through a relative symlink": (
        entry("s", "symlink", linkname="../../../../../../../../../..{victim}") + entry("s/made", data=b"1"),
        None,
    ),
    "symlink as a file, then the file": (
        entry("s", "symlink", linkname="{victim}/kept") + entry("s", data=b"overwritten"),
        "s",
    ),
    "hardlink to a symlink, then the file": (
        entry("s", "symlink", linkname="{victim}/kept") + entry("h", "link", linkname="s") + entry("h", data=b"over"),
        "h",
    ),
    "mode through a hardlink to a symlink": (
        entry("s", "symlink", linkname="{victim}/kept") + entry("h", "link", linkname="s", mode=0o777),
        None,
    ),
    "folder in place of a symlink": (
        entry("s", "symlink", linkname="{victim}") + entry("s", "dir", mode=0o777) + entry("s/made", data=b"1"),
        "s/made",
    ),
    "whiteout through a symlink": (entry("s", "symlink", linkname="{victim}") + entry("s/.wh.kept"), None),
    "opaque through a symlink": (entry("s", "symlink", linkname="{victim}") + entry("s/.wh..wh..opq"), None),
    "proc's magic links": (
        entry("s", "symlink", linkname="/proc/self/root{victim}") + entry("s/kept", data=b"x"),
        None,
    ),
}


@pytest.mark.parametrize("case", CONFINED.values(), ids=CONFINED.keys())
async def test_confined(tmp_path: Path, unpacker: Unpacker, case: tuple[bytes, str | None]) -> None:
    victim = Path("/tmp") / f"v{os.getpid() % 100_000:05d}"  # as long as {victim}, and resolved from the real root
    hostile, made = case
    victim.mkdir()
    try:
        (victim / "kept").write_text("kept")
        (victim / "kept").chmod(0o600)
        before = (victim / "kept").stat()
        try:
            layer: Path | None = await unpacker.layer(aimed(hostile, victim) + END)
        except InvalidParameter:
            layer = None
        after = (victim / "kept").stat()
        assert [path.name for path in victim.iterdir()] == ["kept"]
        assert (victim / "kept").read_text() == "kept"
        assert (before.st_mode, before.st_uid, before.st_nlink) == (after.st_mode, after.st_uid, after.st_nlink)
        assert made is None or (layer is not None and stat.S_ISREG((layer / made).lstat().st_mode))
    finally:
        (victim / "kept").unlink()
        victim.rmdir()


async def test_links_and_data_after_a_hardlink_header(unpacker: Unpacker) -> None:
    """Some tars give a hardlink a size; it has no data all the same, and what follows is a header."""
    made = await unpacker.layer(
        entry("a", data=b"1") + raw(b"b", kind=b"1", size=b"%011o\0" % 1, x157=b"a") + entry("c") + END
    )
    assert sorted(path.name for path in made.iterdir()) == ["a", "b", "c"]


async def test_one_name_of_every_kind(unpacker: Unpacker) -> None:
    made = await unpacker.layer(
        archive(
            entry("n", data=b"file"),
            entry("n", "dir"),
            entry("n/deep/er/file"),
            entry("n", "symlink", linkname="elsewhere"),
            entry("n", "dir"),
            entry("n/x"),
            entry("n", "fifo"),
            entry("n", "chr", devmajor=1, devminor=3),
            entry("n", data=b"last"),
        )
    )
    assert (made / "n").read_bytes() == b"last"
    assert [path.name for path in made.iterdir()] == ["n"]


async def test_a_tree_of_2000_levels_replaced_by_a_file(unpacker: Unpacker) -> None:
    made = await unpacker.layer(archive(entry("d/" * 2000 + "x"), entry("d", data=b"1")))
    assert (made / "d").read_bytes() == b"1"


async def test_many_entries_with_opaque_folders(unpacker: Unpacker) -> None:
    entries = []
    for number in range(5000):
        entries += [entry(f"d/{number % 50}/{number}/f"), entry(f"d/{number % 50}/.wh..wh..opq")]
    made = await unpacker.layer(archive(*entries))
    assert sum(1 for _ in (made / "d").iterdir()) == 50


async def test_names_of_any_bytes(unpacker: Unpacker) -> None:
    made = await unpacker.layer(raw(b"\xff\xfe") + raw(b"line\nbreak") + entry("\x1b[31mred") + END)
    assert sorted(os.fsencode(path.name) for path in made.iterdir()) == [b"\x1b[31mred", b"line\nbreak", b"\xff\xfe"]


async def test_times_far_away(unpacker: Unpacker) -> None:
    made = await unpacker.layer(
        archive(
            entry("past", mtime=-(10**15)), entry("future", pax={"mtime": "99999999999999999"}), entry("now", mtime=1)
        )
    )
    assert (made / "now").stat().st_mtime == 1
    assert (made / "past").exists()
    assert (made / "future").exists()
