import os
from pathlib import Path

import pytest

from engine.container.hostmounts import HostMounts
from engine.errors import InvalidParameter
from engine.linux.mounts import mounted_below

pytestmark = pytest.mark.root


@pytest.fixture
def mounts(tmp_path: Path):
    made = HostMounts(tmp_path / "mounts")
    yield made
    made.sweep(())
    assert not mounted_below(tmp_path)


@pytest.fixture
def volume(tmp_path: Path) -> Path:
    path = tmp_path / "volume"
    (path / "folder").mkdir(parents=True)
    (path / "folder/file").write_text("word")
    (path / "out").symlink_to("/etc")
    (path / "up").symlink_to("../..")
    (path / "in").symlink_to("folder")
    return path


def test_shared_memory_is_a_file_system_of_its_size(mounts):
    path = mounts.make_shared_memory("id", 1 << 20)
    assert path == mounts.shared_memory("id")
    assert os.statvfs(path).f_blocks * os.statvfs(path).f_bsize == 1 << 20
    assert path.stat().st_mode & 0o7777 == 0o1777
    assert mounts.make_shared_memory("id", 1 << 20) == path, "what is left over is made anew"


@pytest.mark.parametrize("subpath", ["folder", "in", "folder/"])
def test_a_part_is_bound(mounts, volume, subpath):
    assert (mounts.bind_part("id", "part0", volume, subpath) / "file").read_text() == "word"


def test_a_file_is_bound_too(mounts, volume):
    assert mounts.bind_part("id", "part0", volume, "folder/file").read_text() == "word"


@pytest.mark.parametrize(
    ("subpath", "words"),
    [("out", "leads out"), ("up", "leads out"), ("../volume", "leads out"), ("/etc", "leads out"), ("no", "No such")],
)
def test_nothing_outside_is_bound(mounts, volume, subpath, words):
    with pytest.raises(InvalidParameter, match=words):
        mounts.bind_part("id", "part0", volume, subpath)


def test_a_sweep_keeps_what_is_in_use_and_no_data_is_lost(mounts, volume):
    kept = mounts.bind_part("kept", "part0", volume, "folder")
    gone = mounts.bind_part("gone", "part0", volume, "folder")
    mounts.sweep({"kept"})
    assert (kept / "file").exists()
    assert not gone.exists()
    mounts.remove("kept")
    mounts.remove("never was")
    assert (volume / "folder/file").read_text() == "word"
