"""What `header` writes, Python's tarfile reads."""

import io
import os
import tarfile
from pathlib import Path

import pytest

from engine.container.archive.worker import header


@pytest.mark.parametrize("length", [1, 99, 100, 101, 255, 1000])
def test_names_and_links_of_any_length(tmp_path: Path, length: int) -> None:
    link = tmp_path / "link"
    link.symlink_to("x")
    name, target = "ü" * length, "t" * length

    read = _read(header.encode(name.encode(), link.lstat(), link=target.encode()))

    assert (read.name, read.linkname, read.issym()) == (name, target, True)


@pytest.mark.parametrize("number", [0, 8**7 - 1, 8**7, (1 << 32) - 2])
def test_owners_beyond_seven_digits(tmp_path: Path, number: int) -> None:
    info = _changed(tmp_path.lstat(), st_uid=number, st_gid=number)

    read = _read(header.encode(b"x/", info))

    assert (read.uid, read.gid, read.isdir()) == (number, number, True)


@pytest.mark.parametrize("size", [8**11 - 1, 8**11])
def test_sizes_beyond_eight_gibibytes(size: int) -> None:
    info = _changed(Path(__file__).stat(), st_size=size)

    assert _read(header.encode(b"x", info)).size == size


def test_times_before_the_epoch(tmp_path: Path) -> None:
    os.utime(tmp_path, (-5, -5))

    assert _read(header.encode(b"x/", tmp_path.stat())).mtime == -5


def test_attributes_and_hard_links() -> None:
    info = Path(__file__).stat()

    with_attribute = _read(header.encode(b"x", _changed(info, st_size=0), xattrs={b"security.capability": b"\x01="}))
    linked = _read(header.encode(b"y", info, link=b"x", is_hard=True))

    assert with_attribute.pax_headers["SCHILY.xattr.security.capability"] == "\x01="
    assert (linked.islnk(), linked.linkname, linked.size) == (True, "x", 0)


@pytest.mark.parametrize("length", [1, 85, 86, 87, 88, 89, 90, 980, 990])
def test_a_records_length_counts_its_own_digits(tmp_path: Path, length: int) -> None:
    value = b"v" * length

    read = _read(header.encode(b"x/", tmp_path.stat(), xattrs={b"k": value}))

    assert read.pax_headers["SCHILY.xattr.k"] == value.decode()


def _read(blocks: bytes) -> tarfile.TarInfo:
    with tarfile.open(fileobj=io.BytesIO(blocks + header.END)) as tar:
        member = tar.next()
    assert member is not None
    return member


def _changed(info: os.stat_result, **fields: int) -> os.stat_result:
    places = {"st_uid": 4, "st_gid": 5, "st_size": 6}
    values = list(info)
    for name, value in fields.items():
        values[places[name]] = value
    return os.stat_result(values, {"st_mtime_ns": info.st_mtime_ns})
