"""Layers that are harmless each by itself: one puts a link to the host in the way, the next goes through it."""

import os
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from engine.errors import InvalidParameter
from tests.engine.image.archives import Stacker, aimed, archive, entry

pytestmark = pytest.mark.root

#: The layers' entries, the lowest layer first, and what a container sees of them: files with their content, folders
#: with a slash at their end, links with an arrow. `{victim}` is a folder of the host with the file `kept` in it.
CASES: Mapping[str, tuple[list[list[bytes]], set[str]]] = {
    "a file through the link": (
        [[entry("d", "symlink", linkname="{victim}")], [entry("d/kept", data=b"evil")]], {"d/", "d/kept=evil"},
    ),
    "a file through a relative link": (
        [[entry("d", "symlink", linkname="../../../../../../../..{victim}")], [entry("d/kept", data=b"evil")]],
        {"d/", "d/kept=evil"},
    ),
    "a folder in place of the link": (
        [[entry("d", "symlink", linkname="{victim}")], [entry("d", "dir", mode=0o777, uid=5)]], {"d/"},
    ),
    "through a parent's link": (
        [[entry("a/b", "symlink", linkname="{victim}/..")], [entry("a/b/c/file", data=b"1")]],
        {"a/", "a/b/", "a/b/c/", "a/b/c/file=1"},
    ),
    "a whiteout through the link": (
        [[entry("d", "symlink", linkname="{victim}")], [entry("d/.wh.kept")]], {"d/"},
    ),
    "an opaque folder through the link": (
        [[entry("d", "symlink", linkname="{victim}")], [entry("d/.wh..wh..opq")]], {"d/"},
    ),
    "a whiteout of the link": (
        [[entry("d", "symlink", linkname="{victim}"), entry("e")], [entry(".wh.d")]], {"e="},
    ),
    "a link, a folder, a link again": (
        [
            [entry("d", "symlink", linkname="{victim}")],
            [entry("d/x", data=b"1")],
            [entry("d", "symlink", linkname="{victim}")],
            [entry("d/kept", data=b"evil")],
        ],
        {"d/", "d/kept=evil"},
    ),
    "a folder that became a link": (
        [[entry("d/x", data=b"1")], [entry("d", "symlink", linkname="{victim}")]], {"d -> {victim}"},
    ),
    "the link's own name as a file": (
        [[entry("s", "symlink", linkname="{victim}/kept")], [entry("s", data=b"over")]], {"s=over"},
    ),
    "through proc": (
        [[entry("d", "symlink", linkname="/proc/self/root{victim}")], [entry("d/kept", data=b"evil")]],
        {"d/", "d/kept=evil"},
    ),
}  # fmt: skip

REFUSED: Mapping[str, list[list[bytes]]] = {
    "a hard link to a file of the layer below": [[entry("a", data=b"1")], [entry("b", "link", linkname="a")]],
    "a hard link through the link": [
        [entry("d", "symlink", linkname="{victim}")], [entry("h", "link", linkname="d/kept")],
    ],
}  # fmt: skip


@pytest.fixture
def victim() -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="v") as made:  # of a short name, to fit in a header
        (Path(made) / "kept").write_text("kept")
        yield Path(made)


@pytest.mark.parametrize("case", CASES)
async def test_confined(stacker: Stacker, victim: Path, case: str) -> None:
    layers, seen = CASES[case]
    root = await stacker.root(*_packed(layers, victim))
    # overlayfs lists a whiteout in a folder that hides no other, and shows nothing under its name: it is not there
    assert {_shown(root, path) for path in root.rglob("*") if os.path.lexists(path)} == {
        row.replace("{victim}", str(victim)) for row in seen
    }
    assert {change.path for change in await stacker.driver.changes("c")} == set()
    await stacker.driver.remove("c")
    _check(victim)


@pytest.mark.parametrize("case", REFUSED)
async def test_refused(stacker: Stacker, victim: Path, case: str) -> None:
    with pytest.raises(InvalidParameter, match="No such file"):
        await stacker.root(*_packed(REFUSED[case], victim))
    _check(victim)


def _packed(layers: list[list[bytes]], victim: Path) -> list[bytes]:
    return [archive(*(aimed(each, victim) for each in layer)) for layer in layers]


def _shown(root: Path, path: Path) -> str:
    name = str(path.relative_to(root))
    if path.is_symlink():
        return f"{name} -> {path.readlink()}"
    return f"{name}/" if path.is_dir() else f"{name}={path.read_text()}"


def _check(victim: Path) -> None:
    assert [path.name for path in victim.iterdir()] == ["kept"]
    assert (victim / "kept").read_text() == "kept"
    info = victim.stat()
    assert (info.st_mode & 0o777, info.st_uid) == (0o700, 0)
