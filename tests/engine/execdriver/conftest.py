"""A real runc under a real conmon, on a root filesystem of busybox; each test's cgroups are removed with it."""

import json
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from engine.execdriver.conmon import ConmonDriver
from engine.execdriver.runtimes import Runtimes
from engine.linux import cgroups
from tests.support import session

CGROUP = "/portside-test-execdriver"

Bundle = Callable[..., Path]


@pytest.fixture(scope="session")
def busybox_root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("busybox")
    for folder in ("bin", "proc", "dev", "sys", "tmp"):
        (root / folder).mkdir()
    program = shutil.which("busybox")
    assert program
    shutil.copy(program, root / "bin/busybox")
    for applet in subprocess.check_output([program, "--list"], text=True).split():
        if applet != "busybox":
            (root / "bin" / applet).symlink_to("busybox")
    return root


@pytest.fixture
async def driver():
    made = ConmonDriver(Runtimes(session.directory("x"), default="runc"))
    yield made
    for container_id in made.known():
        await made.delete(container_id)
    cgroups.remove(CGROUP)


@pytest.fixture
def bundle(busybox_root: Path) -> Bundle:
    def make(*argv: str, tty: bool = False) -> Path:
        folder = session.directory("b")
        described = _specification(busybox_root, process(*argv, tty=tty), f"{CGROUP}/{folder.name}")
        (folder / "config.json").write_text(json.dumps(described))
        return folder

    return make


def process(*argv: str, tty: bool = False) -> dict[str, Any]:
    return {"terminal": tty, "args": list(argv), "env": ["PATH=/bin"], "cwd": "/", "user": {"uid": 0, "gid": 0}}


def _specification(root: Path, first: dict[str, Any], cgroup: str) -> dict[str, Any]:
    return {
        "ociVersion": "1.0.2",
        "process": first,
        "root": {"path": str(root), "readonly": True},
        "mounts": [
            {"destination": "/proc", "type": "proc", "source": "proc"},
            {"destination": "/dev", "type": "tmpfs", "source": "tmpfs"},
            {"destination": "/dev/pts", "type": "devpts", "source": "devpts", "options": ["newinstance", "gid=5"]},
        ],
        "linux": {
            "cgroupsPath": cgroup,
            "namespaces": [{"type": kind} for kind in ("mount", "network", "uts", "pid", "ipc")],
        },
    }
