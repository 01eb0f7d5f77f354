"""What any graph driver must do. `driver` is each driver in turn (see `conftest`); its own tests are elsewhere."""

import asyncio
import hashlib
import os
import stat
import subprocess
from collections.abc import Collection
from pathlib import Path

import pytest

from engine.errors import Conflict, NotFound, NotSupported
from engine.graphdriver.change import Change, Kind
from engine.graphdriver.driver import GraphDriver, Marks, Staging


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


def delete(staging: Staging, path: str) -> None:
    """Mark `path` as gone from the layers below."""
    target = staging.root / path
    target.parent.mkdir(parents=True, exist_ok=True)
    if staging.marks is Marks.OVERLAY:
        os.mknod(target, stat.S_IFCHR, 0)
    else:
        (target.parent / f".wh.{target.name}").touch()


def hide(staging: Staging, folder: str) -> None:
    """Mark the folder as one that shows nothing of the layers below."""
    if staging.marks is Marks.OVERLAY:
        os.setxattr(staging.root / folder, "trusted.overlay.opaque", b"y")
    else:
        (staging.root / folder / ".wh..wh..opq").touch()


def deletions(staging: Staging) -> set[str]:
    """The paths that are marked as gone."""
    paths = {str(path.relative_to(staging.root)): path for path in staging.root.rglob("*")}
    if staging.marks is Marks.OVERLAY:
        return {name for name, path in paths.items() if path.lstat().st_rdev == 0 and path.is_char_device()}
    return {name.replace(".wh.", "") for name in paths if ".wh." in name}


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
        delete(staging, "gone")
        (staging.root / "hidden").mkdir()
        (staging.root / "hidden/new").write_text("2")
        hide(staging, "hidden")
        await driver.commit(staging, chain("high"))
        await driver.create("c", [low, chain("high")])
        root = await driver.mount("c")
        assert sorted(str(path.relative_to(root)) for path in root.rglob("*")) == ["hidden", "hidden/new", "stays"]

    async def test_an_opaque_root_hides_all_below(self, driver: GraphDriver) -> None:
        low = await add_layer(driver, "low", {"old": "1"})
        staging = await driver.stage()
        (staging.root / "new").write_text("2")
        hide(staging, ".")
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
        assert driver.describe([layer]) is None or driver.describe([layer], "c") is not None
        await driver.sync()

    # What a container has changed

    async def test_nothing_is_changed_at_first(self, driver: GraphDriver) -> None:
        await driver.create("c", [await add_layer(driver, "base", {"etc/a": "1", "b": "2"})])
        await driver.mount("c")
        assert await driver.changes("c") == []
        assert await driver.usage("c") == 0
        async with driver.written("c") as written:
            assert list(written.root.iterdir()) == []

    async def test_changes_of_every_kind(self, driver: GraphDriver) -> None:
        files = {"etc/kept": "1", "etc/changed": "1", "etc/gone": "1", "d/x": "1", "mode": "1", "owner": "1"}
        await driver.create("c", [await add_layer(driver, "base", files)])
        root = await driver.mount("c")
        (root / "etc/changed").write_text("22")
        (root / "etc/gone").unlink()
        (root / "mode").chmod(0o600)
        os.chown(root / "owner", 5, 6)
        (root / "new/folder").mkdir(parents=True)
        (root / "new/link").symlink_to("/etc/passwd")
        _remove_folder(root / "d")
        found = {f"{'CAD'[kind]} {path}" for path, kind in await driver.changes("c")}
        assert found == {
            *("C /etc", "C /etc/changed", "D /etc/gone", "C /mode", "C /owner"),
            *("A /new", "A /new/folder", "A /new/link", "D /d"),
        }
        assert await driver.usage("c") == len("22") + len("1") + len("1") + len("/etc/passwd")

    async def test_a_folder_that_was_made_anew(self, driver: GraphDriver) -> None:
        await driver.create("c", [await add_layer(driver, "base", {"d/old": "1", "d/both": "1", "f/x": "1"})])
        root = await driver.mount("c")
        _remove_folder(root / "d")
        (root / "d").mkdir()
        (root / "d/both").write_text("22")
        (root / "d/new").touch()
        _remove_folder(root / "f")
        (root / "f").write_text("a file now")
        assert set(await driver.changes("c")) == {
            *(Change("/d", Kind.MODIFIED), Change("/d/old", Kind.DELETED), Change("/d/both", Kind.MODIFIED)),
            *(Change("/d/new", Kind.ADDED), Change("/f", Kind.MODIFIED), Change("/f/x", Kind.DELETED)),
        }

    async def test_a_scaffold_is_no_change_while_it_is_empty(self, driver: GraphDriver) -> None:
        await driver.create("c", [await add_layer(driver, "base", {"a": "1"})])
        root = await driver.mount("c")
        for name in ("proc", "dev", "etc"):
            (root / name).mkdir()
        (root / "etc/hosts").touch()
        (root / "dev/full").write_text("x")
        found = await driver.changes("c", scaffold={"/proc", "/dev", "/etc", "/etc/hosts"})
        assert [path for path, _ in found] == ["/dev", "/dev/full"]

    async def test_what_was_written_is_a_layer(self, driver: GraphDriver) -> None:
        low = await add_layer(driver, "low", {"etc/gone": "1", "etc/kept": "1", "d/old": "1"})
        await driver.create("c", [low])
        root = await driver.mount("c")
        (root / "etc").chmod(0o700)
        (root / "etc/gone").unlink()
        (root / "new").write_text("1")
        (root / "twin").hardlink_to(root / "new")
        _remove_folder(root / "d")
        (root / "d").mkdir()
        async with driver.written("c") as written:
            assert "etc/gone" in deletions(written)
            assert not (written.root / "etc/kept").exists()
            assert (written.root / "new").samefile(written.root / "twin")
            await _take_over(driver, written, chain("high"))
        await driver.create("copy", [low, chain("high")])
        assert _tree(await driver.mount("copy")) == _tree(root)
        assert (await driver.mount("copy") / "etc").stat().st_mode & 0o777 == 0o700

    async def test_all_that_belongs_to_a_file_comes_along(self, driver: GraphDriver) -> None:
        staging = await driver.stage()
        _fill(staging.root)
        expected = _facts(staging.root)
        await driver.commit(staging, chain("all"))
        await driver.create("c", [await add_layer(driver, "low", {"d/below": "1"}), chain("all")])
        root = await driver.mount("c")
        assert {name: fact for name, fact in _facts(root).items() if name != "d/below"} == expected
        assert (root / "file").samefile(root / "d/hardlink")
        assert (root / "holes").stat().st_blocks * 512 < 1 << 20
        assert await driver.changes("c") == []

    async def test_nothing_of_a_container_is_followed_out_of_it(self, driver: GraphDriver, tmp_path: Path) -> None:
        """A link of one layer that the next takes for a folder, and links of a container's own."""
        outside = tmp_path / "outside"
        outside.mkdir()
        (outside / "secret").write_text("kept")
        staging = await driver.stage()
        (staging.root / "d").symlink_to(outside)
        await driver.commit(staging, chain("link"))
        await driver.create("c", [chain("link"), await add_layer(driver, "folder", {"d/secret": "mine"})])
        root = await driver.mount("c")
        (root / "link").symlink_to(outside)
        assert (root / "d/secret").read_text() == "mine"
        assert [change.path for change in await driver.changes("c")] == ["/link"]
        await driver.remove("c")
        assert [path.name for path in outside.iterdir()] == ["secret"]
        assert (outside / "secret").read_text() == "kept"

    # Workspaces

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
        staging = await driver.settle(workspace)
        assert list(staging.root.iterdir()) == []
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


async def _take_over(driver: GraphDriver, written: Staging, layer: str) -> None:
    """Make a layer of what a container has written, as an archive would carry it."""
    staging = await driver.stage()
    staging.root.rmdir()
    subprocess.run(["cp", "--archive", written.root, staging.root], check=True)
    await driver.commit(staging, layer)


def _remove_folder(folder: Path) -> None:
    for path in folder.iterdir():
        path.unlink()
    folder.rmdir()


def _tree(root: Path) -> Collection[str]:
    return sorted(str(path.relative_to(root)) for path in root.rglob("*"))


def _fill(root: Path) -> None:
    """One of everything that an image may have in it."""
    (root / "d").mkdir()
    (root / "file").write_bytes(os.urandom(100_000))
    os.chown(root / "file", 1234, 70_000)
    (root / "file").chmod(0o4750)
    os.setxattr(root / "file", "security.capability", bytes.fromhex("0100000200040000000000000000000000000000"))
    os.setxattr(root / "d", "user.note", b"x")
    (root / "d/hardlink").hardlink_to(root / "file")
    (root / "link").symlink_to("/etc/passwd")
    os.lchown(root / "link", 7, 8)
    os.mkfifo(root / "fifo")
    os.mknod(root / "null", stat.S_IFCHR | 0o666, os.makedev(1, 3))
    with (root / "holes").open("wb") as file:
        for offset in (0, 3 << 20):
            file.seek(offset)
            file.write(b"data")
        file.truncate(8 << 20)
    (root / "d").chmod(0o1777)
    for path in root.rglob("*"):
        os.utime(path, ns=(1_500_000_000_123_456_789, 1_500_000_000_123_000_000), follow_symlinks=False)


def _facts(root: Path) -> dict[str, object]:
    return {str(path.relative_to(root)): _fact(path) for path in sorted(root.rglob("*"))}


def _fact(path: Path) -> tuple[object, ...]:
    info = path.lstat()
    content = path.read_bytes() if stat.S_ISREG(info.st_mode) else path.readlink() if path.is_symlink() else None
    attributes = {name: os.getxattr(path, name, follow_symlinks=False) for name in _attributes(path)}
    return info.st_mode, info.st_uid, info.st_gid, info.st_rdev, info.st_mtime_ns, content, attributes


def _attributes(path: Path) -> list[str]:
    """Those that are the file's own; the driver may keep notes in others."""
    return [name for name in os.listxattr(path, follow_symlinks=False) if not name.startswith("trusted.")]


def _dig(root: Path, depth: int) -> None:
    folder = os.open(root, os.O_DIRECTORY)
    for _ in range(depth):
        os.mkdir("ddd", dir_fd=folder)
        deeper = os.open("ddd", os.O_DIRECTORY, dir_fd=folder)
        os.close(folder)
        folder = deeper
    os.close(folder)
