"""Memory: of the engine when nothing happens, and what twenty idle containers add, on Portside and on dockerd.

python -m benchmarks.idle_memory

Counted is the proportional share (PSS) of every process that a daemon has: the daemon itself, its containerd and shims,
its monitors. The containers' own processes are not counted: they are the same.
"""

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import psutil

from benchmarks.contenders import Contender, side_by_side

_COUNT: Final = 20
_SETTLING_S: Final = 3
_OURS: Final = ("conmon",)
_THEIRS: Final = ("containerd", "containerd-shim-runc-v2", "docker-proxy")


def main() -> None:
    with side_by_side("benchmarks.idle_memory") as contenders:
        added = [_measure(contender) for contender in contenders]
    print(f"added by {_COUNT} containers: ratio {added[0] / added[1]:.2f} (goal 0.5)")


def _measure(contender: Contender) -> float:
    time.sleep(_SETTLING_S)
    idle = _megabytes(contender)
    for _ in range(_COUNT):
        contender.call("run", "-d", contender.image, "sleep", "100000")
    time.sleep(_SETTLING_S)
    busy = _megabytes(contender)
    print(f"{contender.name:<9} idle {idle:6.1f} MB   with {_COUNT} containers {busy:6.1f} MB", flush=True)
    contender.call("rm", "--force", *contender.docker("ps", "--quiet").split())
    return busy - idle


def _megabytes(contender: Contender) -> float:
    return sum(_share(process.pid) for process in _processes(contender)) / 1e6


def _processes(contender: Contender) -> Iterator[psutil.Process]:
    """The daemon, known by the socket in its arguments or its environment, and all helpers that name its folder."""
    folder = str(contender.docker.socket.parent)
    for process in psutil.process_iter():
        try:
            words = process.cmdline()
            is_engine = words[1:3] == ["-m", "engine"] and process.environ().get("PORTSIDE_RUN") == folder
        except psutil.Error:
            continue
        is_helper = bool(words) and Path(words[0]).name in {"dockerd", *_OURS, *_THEIRS}
        if is_engine or (is_helper and any(folder in word for word in words)):
            yield process


def _share(pid: int) -> int:
    """Bytes; a page that several processes have counts for each in part."""
    lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    return next(int(line.split()[1]) * 1024 for line in lines if line.startswith("Pss:"))


if __name__ == "__main__":
    main()
