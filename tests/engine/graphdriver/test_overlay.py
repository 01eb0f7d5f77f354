"""What is the overlay driver's own; what all drivers promise is in `suite`."""

from pathlib import Path

import pytest

from engine.graphdriver.overlay import OverlayDriver
from engine.linux.mounts import mounted_below
from tests.engine.graphdriver.suite import add_layer

pytestmark = pytest.mark.parametrize("driver", [OverlayDriver], indirect=True)


@pytest.mark.root
async def test_a_second_engine_finds_what_the_first_left(tmp_path: Path, driver: OverlayDriver) -> None:
    layer = await add_layer(driver, "base", {"a": "1"})
    await driver.create("c", [layer])
    root = await driver.mount("c")
    successor = OverlayDriver(tmp_path / "graph")
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
    (tmp_path / "link").symlink_to(tmp_path / "graph")
    other = OverlayDriver(tmp_path / "link")
    await other.create("c", [await add_layer(other, "base", {"a": "1"})])
    await other.mount("c")
    await other.sweep((), ())
    assert mounted_below(tmp_path) == []
    other.close()
