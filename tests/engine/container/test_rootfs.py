import os
from pathlib import PurePosixPath

import pytest

from engine.container import rootfs
from engine.errors import InvalidParameter


def test_links_lead_to_places_of_the_same_root(tmp_path):
    outside, root = tmp_path / "outside", tmp_path / "root"
    outside.mkdir()
    (root / "a").mkdir(parents=True)
    (root / "link").symlink_to("/a")
    (root / "out").symlink_to("../../../../" + str(outside))
    assert rootfs.real_path(root, "/link") == PurePosixPath("/a")
    assert rootfs.real_path(root, "/out") is None


def test_folders_are_made_within_the_root(tmp_path):
    (tmp_path / "real").mkdir()
    (tmp_path / "link").symlink_to("/real")
    rootfs.make_directory(tmp_path, "/link/x/y")
    assert (tmp_path / "real/x/y").is_dir()


def test_a_link_out_is_no_way_to_make_a_folder_outside(tmp_path):
    root, outside = tmp_path / "root", tmp_path / "outside"
    root.mkdir()
    outside.mkdir()
    (root / "link").symlink_to(outside)
    with pytest.raises((InvalidParameter, OSError)):
        rootfs.make_directory(root, "/link/x")
    assert not list(outside.iterdir())


def test_a_file_in_the_way_is_an_error(tmp_path):
    (tmp_path / "f").write_text("")
    with pytest.raises(InvalidParameter, match="not a directory"):
        rootfs.make_directory(tmp_path, "/f/x")


def test_a_fifo_or_folder_is_no_table(tmp_path):
    os.mkfifo(tmp_path / "passwd")
    (tmp_path / "group").mkdir()
    assert rootfs.read_table(tmp_path, "/passwd") == []
    assert rootfs.read_table(tmp_path, "/group") == []
