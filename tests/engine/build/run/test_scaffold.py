"""Mount points below all that a step writes."""

import os
from pathlib import Path

import pytest

from engine.build.run.scaffold import scaffolding

pytestmark = pytest.mark.root


@pytest.fixture
def root(tmp_path: Path) -> Path:
    (tmp_path / "root/etc").mkdir(parents=True)
    return tmp_path / "root"


@pytest.fixture
def below(tmp_path: Path) -> Path:
    (tmp_path / "below").mkdir()
    return tmp_path / "below"


def test_only_what_is_missing_is_made(root: Path, below: Path) -> None:
    (root / "etc/hosts").touch()
    scaffolding([("/etc/hosts", False), ("/etc/hostname", False), ("/a/b", True)])(root, below)
    assert sorted(str(path.relative_to(below)) for path in below.rglob("*")) == ["a", "a/b", "etc", "etc/hostname"]
    assert (below / "a/b").is_dir()
    assert (below / "etc/hostname").read_bytes() == b""


def test_folders_look_as_they_do_in_the_root(root: Path, below: Path) -> None:
    os.chown(root / "etc", 5, 6)
    (root / "etc").chmod(0o1750)
    scaffolding([("/etc/hosts", False)])(root, below)
    info = (below / "etc").stat()
    assert (info.st_uid, info.st_gid, info.st_mode & 0o7777) == (5, 6, 0o1750)


def test_links_end_in_the_root_and_are_not_hidden(root: Path, below: Path, tmp_path: Path) -> None:
    (root / "run").mkdir()
    (root / "var").symlink_to("run")
    (root / "out").symlink_to(tmp_path)
    (root / "etc/resolv.conf").symlink_to("/run/nowhere")
    scaffolding([("/var/x", True), ("/out/y", True), ("/etc/resolv.conf", False)])(root, below)
    assert (below / "run/x").is_dir()
    assert not (below / "var").exists()
    assert not (tmp_path / "y").exists()
    assert (below / "etc/resolv.conf").is_file()


def test_a_path_does_not_climb_out(root: Path, below: Path, tmp_path: Path) -> None:
    scaffolding([("/../../escaped", True)])(root, below)
    assert (below / "escaped").is_dir()
    assert not (tmp_path / "escaped").exists()
