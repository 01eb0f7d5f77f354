"""What any graph driver must do. A driver's own test module subclasses `GraphDriverSuite` and gives it `driver`."""

import asyncio
import hashlib
import os
import stat
from pathlib import Path

import pytest

from engine.errors import Conflict, NotFound, NotSupported
from engine.graphdriver.driver import GraphDriver


def chain(name: str) -> str:
    return f"sha256:{hashlib.sha256(name.encode()).hexdigest()}"


async def add_layer(driver: GraphDriver, name: str, files: dict[str, str]) -> str:
    """A committed layer of small files."""
    staging = await driver.stage()
    for path, text in files.items():
        target = staging.root / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text)
    await driver.commit(staging, chain(name))
    return chain(name)


@pytest.mark.root
class GraphDriverSuite:
    """One scenario a test; `driver` starts empty and is swept empty afterwards."""

    async def test_upper_layers_win_and_all_show(self, driver: GraphDriver) -> None:
        low = await add_layer(driver, "low", {"a": "low", "only-low": "1"})
        high = await add_layer(driver, "high", {"a": "high", "etc/only-high": "2"})
        await driver.create("c1", [low, high])
        root = await driver.mount("c1")
        assert (root / "a").read_text() == "high"
        assert (root / "only-low").read_text() == "1"
        assert (root / "etc/only-high").read_text() == "2"

    async def test_two_containers_of_one_image_do_not_see_each_other(self, driver: GraphDriver) -> None:
        layer = await add_layer(driver, "base", {"shared": "as it was"})
        await driver.create("one", [layer])
        await driver.create("two", [layer])
        one, two = await driver.mount("one"), await driver.mount("two")
        (one / "shared").write_text("changed")
        (one / "new").write_text("x" * 10)
        assert (two / "shared").read_text() == "as it was"
        assert not (two / "new").exists()
        assert await driver.usage("one") == 17
        assert await driver.usage("two") == 0

    async def test_a_container_layer_outlives_its_mount(self, driver: GraphDriver) -> None:
        layer = await add_layer(driver, "base", {"a": "1"})
        await driver.create("c", [layer])
        ((await driver.mount("c")) / "mine").write_text("kept")
        await driver.unmount("c")
        assert ((await driver.mount("c")) / "mine").read_text() == "kept"

    async def test_an_ephemeral_container_can_be_mounted_again(self, driver: GraphDriver) -> None:
        layer = await add_layer(driver, "base", {"a": "1"})
        await driver.create("c", [layer], ephemeral=True)
        ((await driver.mount("c")) / "mine").write_text("kept")
        await driver.unmount("c")
        assert ((await driver.mount("c")) / "mine").read_text() == "kept"

    async def test_each_step_may_be_repeated(self, driver: GraphDriver) -> None:
        layer = await add_layer(driver, "base", {"a": "1"})
        await driver.create("c", [layer])
        assert await driver.mount("c") == await driver.mount("c")
        for _ in range(2):
            await driver.unmount("c")
        for _ in range(2):
            await driver.remove("c")
        for _ in range(2):
            assert await driver.remove_layer(layer)
        assert not driver.has(layer)

    async def test_remove_unmounts_even_while_a_file_is_open(self, driver: GraphDriver) -> None:
        layer = await add_layer(driver, "base", {"a": "1"})
        await driver.create("c", [layer])
        root = await driver.mount("c")
        with (root / "a").open() as held:
            await driver.remove("c")
            assert held.read() == "1"
        assert not root.exists()

    async def test_a_key_is_made_once(self, driver: GraphDriver) -> None:
        layer = await add_layer(driver, "base", {"a": "1"})
        await driver.create("c", [layer])
        with pytest.raises(Conflict):
            await driver.create("c", [layer])

    async def test_unknown_names(self, driver: GraphDriver) -> None:
        with pytest.raises(NotFound):
            await driver.create("c", [chain("never made")])
        with pytest.raises(NotFound):
            await driver.mount("c")
        with pytest.raises(NotFound):
            await driver.usage("c")
        await driver.unmount("c")

    async def test_an_image_without_layers(self, driver: GraphDriver) -> None:
        await driver.create("scratch", [])
        root = await driver.mount("scratch")
        assert list(root.iterdir()) == []
        (root / "a").write_text("1")

    async def test_127_layers(self, driver: GraphDriver) -> None:
        layers = [await add_layer(driver, f"layer {n}", {f"file-{n}": str(n), "top": str(n)}) for n in range(127)]
        await driver.create("a" * 64, layers)
        root = await driver.mount("a" * 64)
        assert (root / "top").read_text() == "126"
        assert len(list(root.iterdir())) == 128
        with pytest.raises(NotSupported):
            await driver.create("b" * 64, [*layers, await add_layer(driver, "one more", {})])

    async def test_the_first_of_two_equal_layers_stays(self, driver: GraphDriver) -> None:
        await add_layer(driver, "same", {"a": "first"})
        layer = await add_layer(driver, "same", {"a": "second"})
        await driver.create("c", [layer])
        assert ((await driver.mount("c")) / "a").read_text() == "first"

    async def test_deletions(self, driver: GraphDriver) -> None:
        low = await add_layer(driver, "low", {"gone": "1", "stays": "1", "hidden/old": "1"})
        staging = await driver.stage()
        os.mknod(staging.root / "gone", stat.S_IFCHR, 0)
        (staging.root / "hidden").mkdir()
        (staging.root / "hidden/new").write_text("2")
        os.setxattr(staging.root / "hidden", "trusted.overlay.opaque", b"y")
        await driver.commit(staging, chain("high"))
        await driver.create("c", [low, chain("high")])
        root = await driver.mount("c")
        assert sorted(str(path.relative_to(root)) for path in root.rglob("*")) == ["hidden", "hidden/new", "stays"]

    async def test_an_opaque_root_hides_all_below(self, driver: GraphDriver) -> None:
        low = await add_layer(driver, "low", {"old": "1"})
        staging = await driver.stage()
        (staging.root / "new").write_text("2")
        os.setxattr(staging.root, "trusted.overlay.opaque", b"y")
        await driver.commit(staging, chain("high"))
        await driver.create("c", [low, chain("high")])
        assert [path.name for path in (await driver.mount("c")).iterdir()] == ["new"]

    async def test_a_layer_in_use_goes_with_its_last_container(self, driver: GraphDriver) -> None:
        layer = await add_layer(driver, "base", {"a": "1"})
        await driver.create("one", [layer])
        await driver.create("two", [layer])
        assert not await driver.remove_layer(layer)
        await driver.remove("one")
        assert ((await driver.mount("two")) / "a").read_text() == "1"
        await driver.remove("two")
        assert not driver.has(layer)

    async def test_a_discarded_staging_is_gone(self, driver: GraphDriver) -> None:
        staging = await driver.stage()
        (staging.root / "a").write_text("1")
        await driver.discard(staging)
        assert not staging.root.exists()

    async def test_sweep_keeps_the_living_and_removes_the_rest(self, driver: GraphDriver) -> None:
        kept = await add_layer(driver, "kept", {"a": "1"})
        used = await add_layer(driver, "used by a container alone", {"b": "1"})
        stray = await add_layer(driver, "stray", {"c": "1"})
        await driver.create("alive", [used])
        await driver.create("dead", [stray])
        dead = await driver.mount("dead")
        alive = await driver.mount("alive")
        half = await driver.stage()
        (half.root / "half-written").write_text("x")
        await driver.sweep({"alive"}, {kept})
        assert (alive / "b").read_text() == "1"
        assert not dead.exists()
        assert not half.root.exists()
        assert (driver.has(kept), driver.has(used), driver.has(stray)) == (True, True, False)
        await driver.remove("alive")
        assert not driver.has(used)

    async def test_a_tree_deeper_than_a_path_is_removed(self, driver: GraphDriver) -> None:
        layer = await add_layer(driver, "base", {})
        await driver.create("c", [layer])
        root = await driver.mount("c")
        await asyncio.to_thread(_dig, root, 2500)
        assert await driver.usage("c") == 0
        await driver.remove("c")
        assert not root.parent.exists()

    async def test_containers_are_made_side_by_side(self, driver: GraphDriver) -> None:
        layer = await add_layer(driver, "base", {"a": "1"})
        keys = [f"c{number}" for number in range(20)]

        async def live(key: str) -> None:
            await driver.create(key, [layer])
            assert ((await driver.mount(key)) / "a").read_text() == "1"
            await driver.remove(key)

        await asyncio.gather(*(live(key) for key in keys))

    async def test_what_people_are_told(self, driver: GraphDriver) -> None:
        layer = await add_layer(driver, "base", {"a": "1"})
        assert driver.name
        assert all(isinstance(value, str) for row in driver.status() for value in row)
        assert driver.describe([layer])
        await driver.sync()


def _dig(root: Path, depth: int) -> None:
    folder = os.open(root, os.O_DIRECTORY)
    for _ in range(depth):
        os.mkdir("ddd", dir_fd=folder)
        deeper = os.open("ddd", os.O_DIRECTORY, dir_fd=folder)
        os.close(folder)
        folder = deeper
    os.close(folder)

    async def test_what_was_written_in_a_workspace_becomes_a_layer(self, driver: GraphDriver) -> None:
        base = await add_layer(driver, "base", {"etc/old": "1", "etc/other": "2"})
        workspace = await driver.open_workspace([base])
        (workspace.root / "etc/new").write_text("3")
        (workspace.root / "etc/old").unlink()
        await driver.commit(await driver.settle(workspace), chain("made"))
        await driver.close_workspace(workspace)
        assert not workspace.folder.exists()
        await driver.create("c", [base, chain("made")])
        assert sorted(path.name for path in ((await driver.mount("c")) / "etc").iterdir()) == ["new", "other"]

    async def test_a_scaffold_shows_in_a_workspace_and_gets_into_no_layer(self, driver: GraphDriver) -> None:
        base = await add_layer(driver, "base", {"etc/old": "1"})

        def scaffolding(root: Path, below: Path) -> None:
            assert (root / "etc/old").exists()
            (below / "proc").mkdir()

        workspace = await driver.open_workspace([base], scaffolding)
        assert (workspace.root / "proc").is_dir()
        assert list(workspace.written.iterdir()) == []
        await driver.close_workspace(workspace)

    async def test_a_sweep_takes_workspaces_away(self, driver: GraphDriver) -> None:
        base = await add_layer(driver, "base", {"a": "1"})
        workspace = await driver.open_workspace([base])
        await driver.sweep((), [base])
        assert not workspace.folder.exists()
        await driver.close_workspace(workspace)  # what is gone can be closed all the same

    async def test_a_workspace_wants_its_layers(self, driver: GraphDriver) -> None:
        with pytest.raises(NotFound):
            await driver.open_workspace([chain("nowhere")])
