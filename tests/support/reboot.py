"""What a host's restart does to an engine: all that it had in the kernel is gone, and /run is empty."""

import os
import shutil
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path

from tests.support.engine import EngineProcess
from tests.support.waiting import until


def pull_the_plug(engine: EngineProcess) -> None:
    """End the engine and everything of its in the kernel; what is on the disk stays."""
    engine.kill9()
    for pid in [*_monitors(engine), *_members(engine)]:
        try:
            os.kill(pid, signal.SIGKILL)
        except ProcessLookupError:
            continue
    until("all processes gone", lambda: not [*_monitors(engine), *_members(engine)])
    for mount in reversed(_mounts(engine)):
        subprocess.run(["umount", "--lazy", mount], check=True)
    for folder in sorted(_cgroups(engine), key=lambda path: len(path.parts), reverse=True):
        folder.rmdir()
    subprocess.run(["ip", "link", "delete", engine.config.bridge], check=True)
    for line in _output("nft", "list", "tables").splitlines():
        if line.split()[-1] == engine.config.nft_table:
            subprocess.run(["nft", "delete", *line.split()], check=True)
    shutil.rmtree(engine.config.run)


def monitors(engine: EngineProcess, container: str = "") -> list[int]:
    """The pids of the engine's monitors, or of one container's (and of its execs')."""
    return list(_monitors(engine, container))


def _monitors(engine: EngineProcess, container: str = "") -> Iterator[int]:
    place = os.fsencode(engine.config.run / "containers" / container)
    for process in Path("/proc").glob("[0-9]*"):
        try:
            words = (process / "cmdline").read_bytes().split(b"\0")
        except OSError:
            continue
        if words[0].endswith(b"conmon") and any(word.startswith(place) for word in words):
            yield int(process.name)


def _members(engine: EngineProcess) -> Iterator[int]:
    for folder in _cgroups(engine):
        yield from (int(pid) for pid in (folder / "cgroup.procs").read_text().split())


def _cgroups(engine: EngineProcess) -> list[Path]:
    roots = Path("/sys/fs/cgroup").glob(f"*{engine.config.cgroup_parent}")
    return [Path(folder) for root in roots for folder, _, _ in os.walk(root)]


def _mounts(engine: EngineProcess) -> list[str]:
    points = (line.split()[4] for line in Path("/proc/self/mountinfo").read_text().splitlines())
    return [point for point in points if point.startswith(f"{engine.root}/")]


def _output(*argv: str) -> str:
    return subprocess.run(argv, capture_output=True, text=True, check=True).stdout
