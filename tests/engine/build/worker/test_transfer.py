"""COPY and ADD as the worker does them: in a process that is shut into the root that it copies to."""

import gzip
import io
import os
import tarfile
from pathlib import Path

import pytest

from engine.errors import InvalidParameter, NotFound
from tests.engine.build.worker.conftest import Copier, link, tarred

pytestmark = pytest.mark.root

_CONTEXT = tarred(
    ("a.txt", b"a"),
    ("b.txt", b"b"),
    ("c.md", b"c"),
    ("sub/deep/d.txt", b"d"),
    ("sub/e.md", b"e"),
    link("sub/link", "deep/d.txt"),
    link("to-file", "sub/link"),
    link("to-folder", "/sub/deep"),
)


@pytest.mark.parametrize(
    ("words", "to", "expected"),
    [
        (["a.txt"], "/to", {"to": "a"}),
        (["a.txt"], "/to/", {"to/": "", "to/a.txt": "a"}),
        (["*.txt"], "/to/", {"to/": "", "to/a.txt": "a", "to/b.txt": "b"}),
        (["[ab].txt", "/c.m?"], "/", {"a.txt": "a", "b.txt": "b", "c.md": "c"}),
        (["sub/deep"], "/x/y", {"x/": "", "x/y/": "", "x/y/d.txt": "d"}),
        (["*/deep"], "/x", {"x/": "", "x/d.txt": "d"}),
        (["to-file"], "/", {"to-file": "d"}),
        (["to-folder/"], "/", {"d.txt": "d"}),
        (["sub"], "/", {"deep/": "", "deep/d.txt": "d", "e.md": "e", "link": "-> deep/d.txt"}),
        (["../../a.txt"], "/to", {"to": "a"}),
    ],
)
async def test_what_goes_where(copy: Copier, words: list[str], to: str, expected: dict[str, str]) -> None:
    await copy.received(_CONTEXT)
    await copy(words, to)
    assert copy.found == expected


async def test_the_folders_above_can_be_kept(copy: Copier) -> None:
    await copy.received(_CONTEXT)
    await copy(["sub/deep/d.txt", "a.txt"], "/all/", parents=True)
    await copy(["sub/./deep/d.txt"], "/some/", parents=True)
    files = [name for name, text in copy.found.items() if text]
    assert files == ["all/a.txt", "all/sub/deep/d.txt", "some/deep/d.txt"]


async def test_patterns_leave_files_out(copy: Copier) -> None:
    await copy.received(_CONTEXT)
    await copy(["*"], "/to/", exclude=["*.md", "b.*"])
    assert {name for name, text in copy.found.items() if text} == {
        *("to/a.txt", "to/deep/", "to/deep/d.txt", "to/link", "to/d.txt", "to/to-file"),
    } - {"to/deep/"}


async def test_owners_and_modes(copy: Copier) -> None:
    await copy.received(_CONTEXT)
    await copy(["sub"], "/to", owner=(5, 6), mode="u=rwX,go=")
    for path, mode in (("to/deep", 0o700), ("to/e.md", 0o600)):
        info = (copy.root / path).stat()
        assert (info.st_uid, info.st_gid, info.st_mode & 0o7777) == (5, 6, mode)
    await copy(["a.txt"], "/to/a", mode="4755")
    assert (copy.root / "to/a").stat().st_mode & 0o7777 == 0o4755
    assert (copy.root / "to/a").stat().st_mtime == 1_000_000


async def test_names_of_owners_are_those_of_the_root(copy: Copier) -> None:
    (copy.root / "etc").mkdir()
    (copy.root / "etc/passwd").write_text("web:x:33:44::/:\n")
    (copy.root / "etc/group").symlink_to("/outside")
    assert await copy.work.owner("web", copy.root) == (33, 44)
    assert await copy.work.owner("7", copy.root) == (7, 7)
    with pytest.raises(InvalidParameter, match="unable to find group root"):
        await copy.work.owner("web:root", copy.root)


async def test_heredocs_are_files(copy: Copier) -> None:
    await copy([], "/to/", files=(("one", "1\n"), ("two", "2\n")))
    assert copy.found == {"to/": "", "to/one": "1\n", "to/two": "2\n"}


async def test_several_sources_want_a_folder(copy: Copier) -> None:
    await copy.received(_CONTEXT)
    with pytest.raises(InvalidParameter, match="the destination must be a directory and end with a /"):
        await copy(["a.txt", "b.txt"], "/to")
    with pytest.raises(InvalidParameter, match="no source files were specified"):
        await copy(["*.nothing"], "/to/")
    with pytest.raises(NotFound, match="stat nothing: file does not exist"):
        await copy(["nothing"], "/to/")


async def test_a_folder_does_not_replace_a_file_nor_a_file_a_folder(copy: Copier) -> None:
    await copy.received(_CONTEXT)
    (copy.root / "file").touch()
    (copy.root / "here/e.md").mkdir(parents=True)
    with pytest.raises(InvalidParameter, match="non-directory"):
        await copy(["sub"], "/file")
    with pytest.raises(InvalidParameter, match="cannot overwrite directory"):
        await copy(["sub"], "/here")


async def test_links_in_the_root_end_in_it(copy: Copier, tmp_path: Path) -> None:
    """What an image's links say holds within the image: the host's folder of the same name is another one."""
    outside = tmp_path / "outside"
    outside.mkdir()
    (copy.root / "dest").symlink_to(outside)
    (copy.root / "up").symlink_to("../../..")
    await copy.received(_CONTEXT)
    await copy(["a.txt"], "/dest/x/")
    await copy(["b.txt"], "/up/b")
    assert list(outside.iterdir()) == []
    assert copy.found[f"{str(outside)[1:]}/x/a.txt"] == "a"
    assert copy.found["b"] == "b"


async def test_links_in_a_source_end_in_it(copy: Copier, tmp_path: Path) -> None:
    source = tmp_path / "source"
    (source / "etc").mkdir(parents=True)
    (source / "etc/hostname").write_text("inside")
    (source / "absolute").symlink_to("/etc/hostname")
    (source / "climbing").symlink_to("../../../../etc/hostname")
    (source / "round").symlink_to("round")
    await copy(["absolute", "climbing"], "/to/", source=source)
    assert copy.found == {"to/": "", "to/absolute": "inside", "to/climbing": "inside"}
    with pytest.raises(InvalidParameter, match="too many levels of symbolic links"):
        await copy(["round"], "/to/", source=source)


async def test_what_another_stage_has_keeps_its_owners_and_links(copy: Copier, tmp_path: Path) -> None:
    source = tmp_path / "source"
    source.mkdir()
    (source / "one").write_text("1")
    (source / "two").hardlink_to(source / "one")
    os.chown(source / "one", 8, 9)
    await copy(["."], "/to", source=source, owner=None)
    one, two = (copy.root / "to/one").stat(), (copy.root / "to/two").stat()
    assert (one.st_uid, one.st_gid, one.st_ino) == (8, 9, two.st_ino)


async def test_archives_are_unpacked_by_their_content(copy: Copier) -> None:
    archive = tarred(("in/side", b"unpacked"), link("in/hard", "in/side", tarfile.LNKTYPE), link("out", "/etc"))
    await copy.received(tarred(("one.tar", archive), ("two", gzip.compress(archive)), ("no.tar", b"text")))
    await copy(["one.tar"], "/one", unpack=True)
    await copy(["two"], "/two/", unpack=True)
    await copy(["no.tar"], "/plain", unpack=True)
    assert copy.found["one/in/side"] == copy.found["two/in/hard"] == "unpacked"
    assert copy.found["one/out"] == "-> /etc"
    assert copy.found["plain"] == "text"


async def test_an_archive_that_leads_out_is_refused(copy: Copier) -> None:
    await copy.received(tarred(("a.tar", tarred(("../../../escaped", b"!")))))
    with pytest.raises(InvalidParameter, match="outside of"):
        await copy(["a.tar"], "/to/", unpack=True)


async def test_a_checksum_is_of_contents_and_not_of_times(copy: Copier, tmp_path: Path) -> None:
    source = tmp_path / "source"
    (source / "folder").mkdir(parents=True)
    (source / "folder/file").write_text("1")
    first = await copy.look("folder", source=source)
    assert first.folder
    os.utime(source / "folder/file", (1, 1))
    assert await copy.look("folder", source=source) == first
    (source / "folder/file").chmod(0o700)
    changed = await copy.look("folder", source=source)
    (source / "folder/file").write_text("2")
    assert len({first.digest, changed.digest, (await copy.look("folder", source=source)).digest}) == 3


async def test_a_context_in_any_compression_and_order(copy: Copier) -> None:
    await copy.received(gzip.compress(_CONTEXT))
    assert await copy.work.read("sub/link") == b"d"
    assert await copy.work.read("sub") is None
    await copy.work.ignore(("sub", "!sub/e.md", "*.txt"))
    await copy(["."], "/")
    assert copy.found == {
        "c.md": "c",
        "sub/": "",
        "sub/e.md": "e",
        "to-file": "-> sub/link",
        "to-folder": "-> /sub/deep",
    }


@pytest.mark.parametrize(
    ("tar", "message"),
    [
        (b"this is no tar at all" * 100, "wrong checksum|octal"),
        (_CONTEXT[:700], "unexpected end"),
        (tarred(("../above", b"!")), "leads out of it"),
        (tarred(link("hard", "nowhere", tarfile.LNKTYPE)), "which is no file"),
        (tarred(("x" * 5000, b"!")), "a name of 5000 bytes"),
    ],
)
async def test_a_hostile_context_is_refused(copy: Copier, tar: bytes, message: str) -> None:
    with pytest.raises(InvalidParameter, match=message):
        await copy.received(tar)


async def test_the_last_of_one_name_counts(copy: Copier) -> None:
    await copy.received(tarred(("a", b"1"), ("a", b"22"), ("b/c", b"3"), ("b", b"4"), ("d", b"5"), ("d/e", b"6")))
    await copy(["."], "/")
    assert copy.found == {"a": "22", "b": "4", "d/": "", "d/e": "6"}


async def test_a_layer_has_a_name_and_a_latest_time(copy: Copier, tmp_path: Path) -> None:
    (copy.root / "file").write_text("text")
    blob = tmp_path / "blob"
    packs = []
    for _ in range(2):
        os.utime(copy.root / "file")
        with blob.open("wb") as file:
            packs.append(await copy.work.pack(copy.root, file.fileno(), has_names=False, latest=1000))
    assert packs[0] == packs[1]
    assert packs[0]["files"] == 4
    with tarfile.open(fileobj=io.BytesIO(blob.read_bytes())) as tar:
        assert {member.name: member.mtime for member in tar} == {"file": 1000}
