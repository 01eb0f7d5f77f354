"""Changes over layers that are made by hand, in the form that the graph driver keeps them."""

import os
import shutil
import stat
from pathlib import Path

import pytest

from engine.container.scaffold import STUBS
from engine.graphdriver.change import Change, Kind
from engine.graphdriver.overlaychanges import changes

pytestmark = pytest.mark.root


@pytest.fixture
def layers(tmp_path: Path) -> list[Path]:
    """Three: the writable one, and two of the image, the topmost first."""
    made = [tmp_path / name for name in ("written", "upper", "lower")]
    for folder in made:
        folder.mkdir()
    return made


def test_nothing_was_written(layers: list[Path]) -> None:
    (layers[1] / "x").touch()

    assert _found(layers) == {}


def test_added_with_its_folders(layers: list[Path]) -> None:
    (layers[2] / "etc").mkdir()
    _write(layers[0] / "etc/new/file")
    (layers[0] / "link").symlink_to("/etc")

    assert _found(layers) == {"/etc": "C", "/etc/new": "A", "/etc/new/file": "A", "/link": "A"}


def test_modified_by_content_mode_owner_or_kind(layers: list[Path]) -> None:
    written, _, lower = layers
    for name in ("same", "content", "mode", "owner", "kind"):
        _write(lower / "d" / name)
    shutil.copytree(lower / "d", written / "d")
    os.utime(written / "d/content", (7, 7))
    (written / "d/mode").chmod(0o700)
    os.chown(written / "d/owner", 5, 5)
    (written / "d/kind").unlink()
    (written / "d/kind").mkdir()

    assert _found(layers) == {f"/d{name}": "C" for name in ("", "/content", "/mode", "/owner", "/kind")}


def test_deleted_is_what_the_image_has(layers: list[Path]) -> None:
    written, upper, lower = layers
    _write(lower / "d/x")
    _write(lower / "d/y")
    (upper / "d").mkdir()
    _whiteout(upper / "d/y")
    (written / "d").mkdir()
    for name in ("x", "y", "never"):
        _whiteout(written / "d" / name)

    assert _found(layers) == {"/d": "C", "/d/x": "D"}


def test_a_folder_made_anew_hides_what_was_in_it(layers: list[Path]) -> None:
    written, upper, lower = layers
    _write(lower / "d/hidden")
    _write(upper / "d/gone")
    _write(upper / "d/kept")
    _opaque(upper / "d")
    _write(written / "d/new")
    _write(written / "d/kept")
    _opaque(written / "d")

    assert _found(layers) == {"/d": "C", "/d/gone": "D", "/d/new": "A"}


def test_a_folder_that_became_a_file(layers: list[Path]) -> None:
    _write(layers[2] / "d/x")
    _write(layers[0] / "d")

    assert _found(layers) == {"/d": "C", "/d/x": "D"}


def test_links_in_layers_are_not_followed(layers: list[Path], tmp_path: Path) -> None:
    _write(tmp_path / "host/secret")
    (layers[1] / "d").symlink_to(tmp_path / "host")
    _write(layers[0] / "d/secret")
    (layers[0] / "e").symlink_to(tmp_path / "host")

    assert _found(layers) == {"/d": "C", "/d/secret": "A", "/e": "A"}


def test_what_the_runtime_makes_for_its_mounts_is_no_change(layers: list[Path]) -> None:
    for name in ("dev", "proc", "sys", "etc"):
        (layers[0] / name).mkdir()
    (layers[0] / "etc/hosts").touch()
    _write(layers[0] / "etc/other")

    assert _found(layers) == {"/etc": "C", "/etc/other": "A"}


def _found(layers: list[Path]) -> dict[str, str]:
    found = changes(layers[0], layers[1:], STUBS)
    assert found == sorted(found)
    assert all(isinstance(one, Change) for one in found)
    return {path: {Kind.MODIFIED: "C", Kind.ADDED: "A", Kind.DELETED: "D"}[kind] for path, kind in found}


def _write(path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("x")
    os.utime(path, (5, 5))


def _whiteout(path: Path) -> None:
    os.mknod(path, stat.S_IFCHR, 0)


def _opaque(path: Path) -> None:
    os.setxattr(path, "trusted.overlay.opaque", b"y")
