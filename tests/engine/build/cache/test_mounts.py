"""Cache mounts: who has which folder, and for how long."""

from pathlib import Path

import pytest

from engine.build.cache.mounts import CacheMounts
from engine.build.dockerfile.mount import Sharing


async def _empty(_: Path) -> None:
    return None


@pytest.fixture
def mounts(tmp_path: Path) -> CacheMounts:
    return CacheMounts(tmp_path / "mounts")


async def test_what_a_step_leaves_the_next_one_finds(mounts: CacheMounts) -> None:
    async with mounts.use("x", Sharing.SHARED, _empty) as folder:
        (folder / "kept").write_text("1")
    async with mounts.use("x", Sharing.LOCKED, _empty) as folder:
        assert (folder / "kept").read_text() == "1"
    async with mounts.use("y", Sharing.SHARED, _empty) as folder:
        assert list(folder.iterdir()) == []


async def test_a_private_one_is_for_one_step_at_a_time(mounts: CacheMounts) -> None:
    async with mounts.use("x", Sharing.PRIVATE, _empty) as first:
        async with mounts.use("x", Sharing.PRIVATE, _empty) as second:
            assert first != second
        async with mounts.use("x", Sharing.SHARED, _empty) as shared:
            assert shared == first
    async with mounts.use("x", Sharing.PRIVATE, _empty) as again:
        assert again == first


async def test_a_folder_is_there_with_its_first_content_or_not_at_all(mounts: CacheMounts) -> None:
    async def fail(folder: Path) -> None:
        (folder / "half").touch()
        raise ValueError("no more")

    with pytest.raises(ValueError, match="no more"):
        async with mounts.use("x", Sharing.SHARED, fail):
            pass
    assert mounts.list() == []
    (mounts.root / ".left").mkdir()
    mounts.sweep()
    assert not list(mounts.root.glob(".*"))


async def test_one_in_use_is_not_removed(mounts: CacheMounts) -> None:
    async with mounts.use("x", Sharing.SHARED, _empty) as folder:
        (folder / "file").write_text("12345")
        (one,) = mounts.list()
        assert (one.size, one.in_use) == (5, True)
        assert await mounts.remove(one.name) == 0
    assert await mounts.remove(one.name) == 5
    assert mounts.list() == []
