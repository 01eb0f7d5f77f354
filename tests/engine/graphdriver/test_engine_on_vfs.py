"""A whole engine whose state lies on an overlay, where it has to copy: real containers, from pull to crash."""

import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from engine.linux import mounts, syscalls
from tests.support.engine import EngineProcess

pytestmark = pytest.mark.root


@pytest.fixture
def engine(make_engine: Callable[..., EngineProcess], tmp_path: Path) -> Iterator[EngineProcess]:
    for name in ("lower", "upper", "work", "home"):
        (tmp_path / name).mkdir()
    folders = ",".join(f"{key}dir={tmp_path / key}" for key in ("lower", "upper", "work"))
    syscalls.mount("overlay", tmp_path / "home", "overlay", 0, folders)
    made = EngineProcess(environment={"PORTSIDE_HOME": str(tmp_path / "home")})
    made.start()
    yield made
    made.close()
    mounts.detach(tmp_path / "home")


def test_a_life_of_containers(engine: EngineProcess, busybox: str, tmp_path: Path) -> None:
    docker = engine.docker
    assert docker("info", "--format", "{{.Driver}} {{.DriverStatus}}") == (
        "vfs [[Backing Filesystem overlayfs] [Supports reflink false]]"
    )
    docker("pull", "--quiet", busybox)
    assert docker("run", "--rm", busybox, "cat", "/etc/hostname")

    docker("run", "--name", "writer", busybox, "sh", "-c", "echo new > /new && rm /etc/group && chmod 600 /etc/passwd")
    assert docker("diff", "writer").splitlines() == ["C /etc", "D /etc/group", "C /etc/passwd", "A /new"]
    users = int(docker("run", "--rm", busybox, "stat", "-c", "%s", "/etc/passwd"))
    assert docker("ps", "--all", "--size", "--format", "{{.Size}}").startswith(f"{len('new_') + users}B (virtual")

    docker("commit", "writer", "changed")
    assert docker("run", "--rm", "changed", "cat", "/new") == "new"
    with pytest.raises(subprocess.CalledProcessError):
        docker("run", "--rm", "changed", "test", "-e", "/etc/group")

    (tmp_path / "file").write_text("carried")
    docker("cp", tmp_path / "file", "writer:/carried")
    docker("cp", "writer:/carried", tmp_path / "back")
    assert (tmp_path / "back").read_text() == "carried"

    docker("save", "--output", tmp_path / "saved.tar", "changed")
    docker("rm", "writer")
    docker("rmi", "changed")
    docker("load", "--input", tmp_path / "saved.tar")
    assert docker("run", "--rm", "changed", "cat", "/new") == "new"


def test_a_crash(engine: EngineProcess, busybox: str) -> None:
    """A container outlives the engine; what a killed engine left half done is gone at its next start."""
    docker, home = engine.docker, Path(engine.environment["PORTSIDE_HOME"])
    docker("pull", "--quiet", busybox)
    docker("run", "--detach", "--name", "lives", busybox, "sh", "-c", "echo 1 > /mine; sleep 600")
    engine.kill9()
    half = home / "vfs/staging/half/root"
    half.mkdir(parents=True)
    (half / "file").write_text("x")
    (home / "vfs/containers" / ("f" * 64) / "root").mkdir(parents=True)

    engine.restart()

    assert docker("exec", "lives", "cat", "/mine") == "1"
    assert list((home / "vfs/staging").iterdir()) == []
    assert len(list((home / "vfs/containers").iterdir())) == 1
    docker("rm", "--force", "lives")
    docker("rmi", busybox)
    assert list((home / "vfs/containers").iterdir()) == []
    assert [path.name for path in (home / "vfs/layers").iterdir()] == ["none"]
