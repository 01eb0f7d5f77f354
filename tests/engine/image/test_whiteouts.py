"""Deletions: from `.wh.` files to what a container sees of the layer and one below it."""

import pytest

from tests.engine.image.archives import Stacker, archive, entry

pytestmark = pytest.mark.root

LOWER = archive(entry("a", data=b"low"), entry("d/one"), entry("d/two"), entry("d/sub/three"), entry("keep"))

CASES = {
    "a file": ([entry(".wh.a")], {"d/one", "d/two", "d/sub/three", "keep"}),
    "a folder": ([entry(".wh.d")], {"a", "keep"}),
    "in a folder": ([entry("d/.wh.one")], {"a", "d/two", "d/sub/three", "keep"}),
    "of what never was": ([entry("x/y/.wh.z")], {"a", "d/one", "d/two", "d/sub/three", "keep"}),
    "opaque": ([entry("d/.wh..wh..opq")], {"a", "keep"}),
    "opaque, then a file": ([entry("d/.wh..wh..opq"), entry("d/new")], {"a", "d/new", "keep"}),
    "a file, then opaque": ([entry("d/new"), entry("d/.wh..wh..opq")], {"a", "d/new", "keep"}),
    "opaque root": ([entry(".wh..wh..opq"), entry("new")], {"new"}),
    "whiteout, then the file": ([entry(".wh.a"), entry("a")], {"a", "d/one", "d/two", "d/sub/three", "keep"}),
    "the file, then its whiteout": ([entry("a"), entry(".wh.a")], {"a", "d/one", "d/two", "d/sub/three", "keep"}),
    "whiteout, then a folder": ([entry(".wh.d"), entry("d", "dir"), entry("d/new")], {"a", "d/new", "keep"}),
    "whiteout, then below it": ([entry(".wh.d"), entry("d/new")], {"a", "d/new", "keep"}),
    "a folder, then its whiteout": ([entry("d/new"), entry(".wh.d")], {"a", "d/new", "keep"}),
    "whiteout twice": ([entry(".wh.a"), entry(".wh.a")], {"d/one", "d/two", "d/sub/three", "keep"}),
    "a file for a folder, then a folder": ([entry("d"), entry("d", "dir"), entry("d/new")], {"a", "d/new", "keep"}),
    "whiteout with data": ([entry(".wh.a", data=b"x" * 700)], {"d/one", "d/two", "d/sub/three", "keep"}),
    "AUFS' bookkeeping": ([entry(".wh..wh.plnk", "dir"), entry(".wh..wh.aufs")],
                          {"a", "d/one", "d/two", "d/sub/three", "keep"}),
}  # fmt: skip


@pytest.mark.parametrize("case", CASES.values(), ids=CASES.keys())
async def test_whiteout(stacker: Stacker, case: tuple[list[bytes], set[str]]) -> None:
    entries, seen = case
    root = await stacker.root(LOWER, archive(*entries))
    assert {str(path.relative_to(root)) for path in root.rglob("*") if path.is_file()} == seen
