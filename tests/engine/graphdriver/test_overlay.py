"""The overlay driver: the shared suite, and what is its own."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from engine.errors import InvalidParameter
from engine.graphdriver.layout import NAME_LENGTH, layer_name
from engine.graphdriver.overlay import OverlayDriver
from engine.linux.mounts import mounted_below
from tests.engine.graphdriver.suite import GraphDriverSuite, add_layer, chain


@pytest.fixture
async def driver(tmp_path: Path) -> AsyncIterator[OverlayDriver]:
    overlay = OverlayDriver(tmp_path / "overlay")
    yield overlay
    await overlay.sweep((), ())
    overlay.close()
    assert mounted_below(tmp_path) == []
    assert sorted(path.name for path in (tmp_path / "overlay").rglob("*")) == [
        "containers",
        "layers",
        "none",
        "staging",
        "trash",
    ]


class TestOverlay(GraphDriverSuite):
    pass


@pytest.mark.root
async def test_a_second_engine_finds_what_the_first_left(tmp_path: Path, driver: OverlayDriver) -> None:
    layer = await add_layer(driver, "base", {"a": "1"})
    await driver.create("c", [layer])
    root = await driver.mount("c")
    successor = OverlayDriver(tmp_path / "overlay")
    await successor.sweep({"c"}, {layer})
    assert await successor.mount("c") == root
    assert (root / "a").read_text() == "1"
    await successor.remove("c")
    successor.close()


@pytest.mark.root
async def test_only_root_may_pass_and_containers_may_not_notice(driver: OverlayDriver) -> None:
    await driver.create("c", [await add_layer(driver, "base", {"a": "1"})])
    root = await driver.mount("c")
    assert root.stat().st_mode & 0o777 == 0o755
    assert all(folder.stat().st_mode & 0o077 == 0 for folder in root.parents[:3])


@pytest.mark.root
async def test_it_works_through_a_symbolic_link(tmp_path: Path, driver: OverlayDriver) -> None:
    (tmp_path / "link").symlink_to(tmp_path / "overlay")
    other = OverlayDriver(tmp_path / "link")
    await other.create("c", [await add_layer(other, "base", {"a": "1"})])
    await other.mount("c")
    await other.sweep((), ())
    assert mounted_below(tmp_path) == []
    other.close()


def test_layer_names_are_short_and_of_safe_characters() -> None:
    name = layer_name(chain("x"))
    assert len(name) == NAME_LENGTH
    assert not set(name) & set(":,\\/.")


@pytest.mark.parametrize(
    "name", ["", "sha256:", "sha256:../../x", "sha512:" + "0" * 128, "0" * 64, "sha256:" + "0" * 62]
)
def test_what_is_no_chain_id(name: str) -> None:
    with pytest.raises(InvalidParameter, match="chain ID"):
        layer_name(name)
