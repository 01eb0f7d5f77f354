import os
from pathlib import Path

from engine.linux.trees import remove_tree, tree_size


def test_a_tree_goes_and_what_its_links_point_to_stays(tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "kept").write_text("1")
    tree = tmp_path / "trees" / "t"
    (tree / "a/b/c").mkdir(parents=True)
    (tree / "a/file").write_text("x")
    (tree / "a/b/link").symlink_to(outside)
    (tree / "locked").mkdir(mode=0)
    remove_tree(tree)
    assert list(tree.parent.iterdir()) == []
    assert (outside / "kept").read_text() == "1"


def test_no_tree_is_no_error(tmp_path: Path) -> None:
    remove_tree(tmp_path / "never" / "was")


def test_size_counts_a_file_once_and_links_by_their_own_length(tmp_path: Path) -> None:
    (tmp_path / "d").mkdir()
    (tmp_path / "d/file").write_bytes(b"x" * 100)
    os.link(tmp_path / "d/file", tmp_path / "again")
    (tmp_path / "link").symlink_to("0123456789")
    assert tree_size(tmp_path) == 110
