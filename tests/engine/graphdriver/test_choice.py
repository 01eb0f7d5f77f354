"""Which driver an engine gets, found by trying on real file systems."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from engine.errors import Conflict, InvalidParameter, Unavailable
from engine.graphdriver.choice import choose
from engine.graphdriver.driver import GraphDriver
from engine.graphdriver.overlay import OverlayDriver
from engine.graphdriver.vfs.driver import VfsDriver
from engine.linux import mounts, syscalls
from tests.engine.graphdriver.suite import add_layer

pytestmark = pytest.mark.root
KINDS = (OverlayDriver, VfsDriver)


@pytest.fixture
def on_overlay(tmp_path: Path) -> Iterator[Path]:
    """A folder on an overlay, which no other overlay can be mounted over; `lower` is what is below it."""
    for name in ("lower", "upper", "work", "home"):
        (tmp_path / name).mkdir()
    folders = ",".join(f"{key}dir={tmp_path / key}" for key in ("lower", "upper", "work"))
    syscalls.mount("overlay", tmp_path / "home", "overlay", 0, folders)
    yield tmp_path / "home"
    mounts.detach(tmp_path / "home")


@pytest.fixture
def chosen() -> Iterator[Callable[..., GraphDriver]]:
    made: list[GraphDriver] = []

    def of(home: Path, wanted: str | None = None) -> GraphDriver:
        made.append(choose(KINDS, home, wanted))
        return made[-1]

    yield of
    for driver in made:
        driver.close()


def test_overlayfs_where_it_works(tmp_path: Path, chosen: Callable[..., GraphDriver]) -> None:
    assert chosen(tmp_path).name == "overlay2"
    assert [path.name for path in tmp_path.iterdir()] == ["overlay"], "the trial leaves nothing"
    assert mounts.mounted_below(tmp_path) == []


def test_copies_where_it_does_not(on_overlay: Path, chosen: Callable[..., GraphDriver]) -> None:
    driver = chosen(on_overlay)
    assert driver.name == "vfs"
    assert ("Backing Filesystem", "overlayfs") in driver.status()
    with pytest.raises(Unavailable, match=r"overlay2: overlayfs does not work on .* \(overlayfs\)"):
        chosen(on_overlay, "overlay2")


async def test_the_one_that_was_asked_for(tmp_path: Path, chosen: Callable[..., GraphDriver]) -> None:
    assert chosen(tmp_path, "vfs").name == "vfs"
    assert chosen(tmp_path).name == "overlay2", "a driver that stores nothing leaves the choice free"


async def test_the_one_that_holds_the_data(tmp_path: Path, chosen: Callable[..., GraphDriver]) -> None:
    await add_layer(chosen(tmp_path, "vfs"), "base", {"a": "1"})
    assert chosen(tmp_path).name == "vfs"
    with pytest.raises(Conflict, match="storage driver vfs, which overlay2 can't show"):
        chosen(tmp_path, "overlay2")


async def test_data_whose_driver_does_not_work_any_more(
    tmp_path: Path, on_overlay: Path, chosen: Callable[..., GraphDriver]
) -> None:
    await add_layer(chosen(tmp_path / "lower"), "base", {"a": "1"})
    with pytest.raises(Unavailable, match="overlay2"):
        chosen(on_overlay)
    assert not (on_overlay / "vfs").exists()


async def test_data_of_two_drivers(tmp_path: Path, chosen: Callable[..., GraphDriver]) -> None:
    for kind in KINDS:
        driver = kind(tmp_path / kind.folder)
        await add_layer(driver, "base", {"a": "1"})
        driver.close()
    with pytest.raises(Conflict, match="several storage drivers: overlay2, vfs"):
        chosen(tmp_path)
    assert chosen(tmp_path, "vfs").name == "vfs"


def test_a_driver_that_there_is_none_of(tmp_path: Path) -> None:
    with pytest.raises(InvalidParameter, match="no storage driver 'btrfs', only overlay2, vfs"):
        choose(KINDS, tmp_path, "btrfs")
