"""Layers that nobody wrote: each comes out as the model of the format says, on every driver, or is refused.

PORTSIDE_TEST_LONG=1 tries many more.
"""

import asyncio
import os
import re
import stat
from collections.abc import Callable, Coroutine, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from engine.errors import InvalidParameter
from engine.graphdriver.driver import GraphDriver
from engine.graphdriver.overlay import OverlayDriver
from engine.graphdriver.vfs.driver import VfsDriver
from engine.image.digest import chain_ids
from engine.image.layer import LayerName, Layers
from tests.engine.image.archives import archive, diff_id, entry
from tests.engine.image.layermodel import Entry, Node, Refused, Tree, Unmodelled, applied

pytestmark = [pytest.mark.root, pytest.mark.timeout(1800)]

EXAMPLES = 2000 if os.environ.get("PORTSIDE_TEST_LONG") == "1" else 15
#: What an error says that nobody foresaw.
_STUMBLED = re.compile(r": [A-Z]\w+(Error|Exception): ")
LOWER = [
    *(Entry("a", data=b"low"), Entry("d/x", data=b"low"), Entry("d/d/y", data=b"low")),
    *(Entry("e/x", data=b"low"), Entry("s", "symlink", target="d")),
]

_COMPONENTS = st.sampled_from(["a", "d", "d", "e", "s", "x", "y"])
_PATHS = st.lists(_COMPONENTS, min_size=1, max_size=3).map("/".join)
_LAST = st.sampled_from(
    ["{}", "{}", "{}", "./{}/", "/{}", "d/../{}", "{}/.wh..wh..opq", "{}/.wh.a", "{}/.wh.d", ".wh.{}"]
)
_STRANGE = st.sampled_from(
    [
        *("..", "../a", "d/../../a", "/../a", ".", "/", "d//x"),
        *(".wh.", "d/.wh..", ".wh...", ".wh..wh..opq", ".wh..wh.plnk", ".wh.a/x", ".wh..wh.plnk/1", "d/.wh.x/y"),
    ]
)
_NAMES = st.one_of(st.builds(str.format, _LAST, _PATHS), st.builds(str.format, _LAST, _PATHS), _STRANGE)
_TARGETS = st.one_of(_PATHS, st.sampled_from(["..", "../..", "/", "/d", "{victim}", "../../../../../../../..{victim}"]))


def _entries(names: st.SearchStrategy[str]) -> st.SearchStrategy[list[Entry]]:
    data = st.sampled_from([b"", b"one", b"two"])
    kinds = [
        st.builds(Entry, names, st.just("file"), st.just(""), data),
        st.builds(Entry, names, st.just("dir")),
        st.builds(Entry, names, st.just("symlink"), _TARGETS),
        st.builds(Entry, names, st.just("link"), st.one_of(_PATHS, _NAMES)),
        st.builds(Entry, names, st.just("fifo")),
    ]
    return st.lists(st.one_of(kinds[0], kinds[0], kinds[1], *kinds[1:]), min_size=1, max_size=8)


LAYERS = _entries(_NAMES)


@dataclass
class Bench:
    """Applies layers over LOWER with a driver; `victim` is a folder of the host that nothing may change."""

    driver: GraphDriver
    layers: Layers
    scratch: Path
    victim: Path
    number: int = 0

    async def see(self, *layers: list[Entry]) -> dict[str, Node]:
        """What a container shows of the layers, the lowest first. Raises InvalidParameter."""
        plain = [self._packed(each) for each in layers]
        names = [diff_id(data) for data in plain]
        chain = chain_ids(names)
        for data, chain_id, diff in zip(plain, chain, names, strict=True):
            (self.scratch / "blob").write_bytes(data)
            await self.layers.add(LayerName(chain_id, diff), self.scratch / "blob", lambda _: None)
        self.number += 1
        await self.driver.create(f"c{self.number}", chain)
        try:
            return dict(_listed(await self.driver.mount(f"c{self.number}")))
        finally:
            await self.driver.remove(f"c{self.number}")

    def _packed(self, entries: list[Entry]) -> bytes:
        def filled(target: str) -> str:
            return target.replace("{victim}", str(self.victim))

        return archive(*(entry(each.name, each.kind, each.data, linkname=filled(each.target)) for each in entries))

    def check_victim(self) -> None:
        assert [path.name for path in self.victim.iterdir()] == ["kept"]
        info = (self.victim / "kept").lstat()
        assert (info.st_size, info.st_nlink, stat.S_IMODE(info.st_mode)) == (4, 1, 0o600)


def _listed(root: Path) -> Iterator[tuple[str, Node]]:
    for path in root.rglob("*"):
        try:
            info = path.lstat()
        except FileNotFoundError:
            continue  # overlayfs lists a whiteout in a folder that hides no other, and shows nothing under its name
        name = f"/{path.relative_to(root)}"
        if stat.S_ISLNK(info.st_mode):
            yield name, Node("symlink", os.readlink(path), info.st_ino)  # noqa: PTH115 - as text, not as a path
        elif stat.S_ISDIR(info.st_mode):
            yield name, Node("dir")
        else:
            is_file = stat.S_ISREG(info.st_mode)
            yield name, Node("file" if is_file else "fifo", path.read_bytes() if is_file else b"", info.st_ino)


@pytest.fixture(params=[OverlayDriver, VfsDriver], ids=lambda kind: kind.name)
def bench(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Bench]:
    driver = request.param(tmp_path / "graph")
    victim = tmp_path / "victim"
    victim.mkdir()
    (victim / "kept").write_text("kept")
    (victim / "kept").chmod(0o600)
    yield Bench(driver, Layers(driver, {}), tmp_path, victim)
    asyncio.run(driver.sweep((), ()))
    driver.close()


def _trying(test: Callable[[list[Entry]], Coroutine[None, None, None]]) -> None:
    with asyncio.Runner() as runner:

        @settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=list(HealthCheck))
        @given(layer=LAYERS)
        def tried(layer: list[Entry]) -> None:
            runner.run(test(layer))

        tried()


def test_layers_mean_what_the_model_says(bench: Bench) -> None:
    low = applied({}, LOWER)

    async def test(layer: list[Entry]) -> None:
        try:
            expected = applied(low, layer)
        except Refused:
            with pytest.raises(InvalidParameter, match="failed to register layer") as caught:
                await bench.see(LOWER, layer)
            assert not _STUMBLED.search(caught.value.message)
        except Unmodelled:
            await _survives(bench, layer)
        else:
            seen = await bench.see(LOWER, layer)
            assert _by_names(seen) == _by_names({path: _named(node, bench) for path, node in expected.items()})
        bench.check_victim()

    _trying(test)


async def _survives(bench: Bench, layer: list[Entry]) -> None:
    complaint = ""
    try:
        await bench.see(LOWER, layer)
    except InvalidParameter as error:
        complaint = error.message
    assert not _STUMBLED.search(complaint)


def _named(node: Node, bench: Bench) -> Node:
    if isinstance(node.content, str):
        return Node(node.kind, node.content.replace("{victim}", str(bench.victim)), node.inode)
    return node


def _by_names(tree: Tree) -> dict[str, tuple[str, str | bytes, frozenset[str]]]:
    """Each path with its kind, its content, and all names of the same file."""
    groups: dict[int, set[str]] = {}
    for path, node in tree.items():
        groups.setdefault(node.inode, set()).add(path)
    return {
        path: (node.kind, node.content, frozenset(groups[node.inode]) if node.kind != "dir" else frozenset())
        for path, node in tree.items()
    }
