"""Is anything of the tests' left? Processes, mounts, network namespaces, links, nft tables, cgroups.

Taken once before the suite and once after it. An object counts as the suite's own when it carries the run's mark
(a process), lies under the run's directory (a mount), or has a name of an instance that the run made (the rest);
with `everything=True` any object that is new and has a name of Portside's counts, whoever made it.
"""

import os
import re
import subprocess
from collections.abc import Iterable
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Final

import psutil

from engine.config import Config
from tests.support import session

_NAMES: Final = re.compile(r"\bps[0-9a-f]{6}|portside")
_instances: set[str] = set()


def own(config: Config) -> None:
    """Objects that bear this instance's name are the suite's, and must be gone at its end."""
    _instances.add(config.instance)


@dataclass(frozen=True)
class Snapshot:
    """What there is now; every entry is a line for a person to read."""

    processes: frozenset[str]
    mounts: frozenset[str]
    links: frozenset[str]
    namespaces: frozenset[str]
    tables: frozenset[str]
    rules: frozenset[str]
    cgroups: frozenset[str]

    @classmethod
    def take(cls) -> "Snapshot":
        return cls(
            processes=frozenset(_marked_processes()),
            mounts=frozenset(_mounts()),
            links=frozenset(_links()),
            namespaces=frozenset(str(path) for path in _listed("/run/netns")),
            tables=frozenset(_nft("list", "tables")),
            rules=frozenset(line for line in _nft("list", "ruleset") if " comment " in line),
            cgroups=frozenset(_cgroups()),
        )

    def left_since(self, before: "Snapshot", *, everything: bool = False) -> dict[str, list[str]]:
        """Kind → what is here now, was not before, and is the suite's."""
        found = {}
        for kind in (field.name for field in fields(self)):
            new = getattr(self, kind) - getattr(before, kind)
            if own_ones := sorted(line for line in new if kind == "processes" or _is_ours(line, everything=everything)):
                found[kind] = own_ones
        return found


def _is_ours(line: str, *, everything: bool) -> bool:
    if str(session.ROOT) in line or any(instance in line for instance in _instances):
        return True
    return everything and _NAMES.search(line) is not None


def _marked_processes() -> Iterable[str]:
    """All processes, but for this one and its parents, that inherited this run's mark."""
    mark = f"{session.MARK}={session.ROOT.name}".encode()
    spared = {os.getpid(), *(parent.pid for parent in psutil.Process().parents())}
    for process in psutil.process_iter():
        try:
            environment = Path(f"/proc/{process.pid}/environ").read_bytes().split(b"\0")
            if mark in environment and process.pid not in spared and process.status() != psutil.STATUS_ZOMBIE:
                yield f"{process.pid} {' '.join(process.cmdline())}"
        except (OSError, psutil.Error):
            continue  # it ended while we looked, or is another user's


def _mounts() -> Iterable[str]:
    for line in Path("/proc/self/mountinfo").read_text().splitlines():
        before, _, after = line.partition(" - ")
        yield f"{before.split()[4]} {after}"


def _links() -> Iterable[str]:
    """Interfaces with their alternative names, by which a veth's owner can be told."""
    listed = subprocess.run(["ip", "-oneline", "link", "show"], capture_output=True, text=True, check=True).stdout
    for line in listed.splitlines():
        yield line.partition(": ")[2]


def _nft(*words: str) -> list[str]:
    done = subprocess.run(["nft", *words], capture_output=True, text=True, check=False)
    return done.stdout.splitlines() if done.returncode == 0 else []


def _cgroups() -> Iterable[str]:
    for root, folders, _ in os.walk("/sys/fs/cgroup"):
        yield from (str(Path(root, folder)) for folder in folders)


def _listed(folder: str) -> list[Path]:
    path = Path(folder)
    return list(path.iterdir()) if path.is_dir() else []
