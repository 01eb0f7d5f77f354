from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from engine.graphdriver.overlay import OverlayDriver
from engine.graphdriver.vfs.driver import VfsDriver
from engine.image.layer import Layers
from engine.store import Database
from tests.engine.image.archives import Stacker, Unpacker
from tests.engine.image.shelf import Shelf


@pytest.fixture
async def driver(tmp_path: Path) -> AsyncIterator[OverlayDriver]:
    overlay = OverlayDriver(tmp_path / "overlay")
    yield overlay
    assert list((tmp_path / "overlay/staging").iterdir()) == []
    await overlay.sweep((), ())
    overlay.close()


@pytest.fixture
def unpacker(tmp_path: Path, driver: OverlayDriver) -> Unpacker:
    return Unpacker(Layers(driver, {}), tmp_path, tmp_path / "overlay/layers")


@pytest.fixture
async def shelf(tmp_path: Path, driver: OverlayDriver) -> AsyncIterator[Shelf]:
    database = Database(tmp_path / "engine.db")
    opened = Shelf(tmp_path, database, driver)
    yield opened
    await opened.images.close()
    database.close()


@pytest.fixture(params=[OverlayDriver, VfsDriver], ids=lambda kind: kind.name)
async def stacker(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Stacker]:
    """On each driver in turn."""
    driver = request.param(tmp_path / "graph")
    yield Stacker(driver, Layers(driver, {}), tmp_path)
    await driver.sweep((), ())
    driver.close()
