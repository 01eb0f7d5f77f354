"""Carrying a five-layer image of 900 MB: pull, push, save and load by the docker client, on Portside and on dockerd.

python -m benchmarks.images [--rounds N] [NAME …]

Each row names the ratio of the medians, and the most memory that Portside took beyond what it has when idle.
"""

import argparse
import os
import time
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from pathlib import Path
from types import MappingProxyType
from typing import Final, NamedTuple

from benchmarks.bulk import bulk
from benchmarks.contenders import Contender, alternate, side_by_side
from tests.support import session
from tests.support.memory import MemoryWatch
from tests.support.registry import Registry

_LOCAL: Final = "bulk:local"
#: Seconds: RECENTCY_MIN of the kernel's fs/ext4/ialloc.c, and one more.
_EXT4_FORGETS: Final = 61


class Carrying(NamedTuple):
    """One row: what makes both ready for a round, what is timed, and the most that its ratio shall be."""

    before: Callable[[list[Contender]], None]
    timed: Callable[[Contender], None]
    goal: float


class Places:
    """Where the image is: in a registry, in an archive of each contender's own making, in the contenders."""

    def __init__(self, contenders: list[Contender], stack: ExitStack) -> None:
        self._stack = stack
        self._archives = session.directory("archives")
        self._remote = contenders[0].registry.push(bulk(), "bulk:latest")
        self._targets: dict[str, str] = {}
        for contender in contenders:
            contender.call("pull", "--quiet", self._remote)
            contender.call("tag", self._remote, _LOCAL)
            contender.call("save", "--output", str(self._archive(contender.name)), _LOCAL)

    def rows(self) -> Mapping[str, Carrying]:
        return MappingProxyType(
            {
                "pull": Carrying(self._forget, self._pull, 0.6),
                "push": Carrying(self._open_registries, self._push, 0.8),
                "save": Carrying(self._have, self._save, 0.8),
                "load": Carrying(self._forget, lambda one: self._load(one, "dockerd"), 0.8),
                "load-compressed": Carrying(self._forget, lambda one: self._load(one, "portside"), 0.8),
            }
        )

    # What is timed

    def _pull(self, contender: Contender) -> None:
        contender.call("pull", "--quiet", self._remote)

    def _push(self, contender: Contender) -> None:
        contender.call("push", "--quiet", self._targets[contender.name])

    def _save(self, contender: Contender) -> None:
        contender.call("save", "--output", str(self._archive(f"new-{contender.name}")), _LOCAL)

    def _load(self, contender: Contender, maker: str) -> None:
        contender.call("load", "--quiet", "--input", str(self._archive(maker)))

    # What makes ready

    def _forget(self, contenders: list[Contender]) -> None:
        """Neither has the image, nor ext4 the memory of its files: it passes over freshly freed inodes one by one."""
        for contender in contenders:
            if names := contender.docker("images", "--quiet", "--no-trunc", "--filter", "label=bulk").split():
                contender.docker("rmi", "--force", *set(names), timeout=120)
        os.sync()
        time.sleep(_EXT4_FORGETS)

    def _have(self, contenders: list[Contender]) -> None:
        for contender in contenders:
            if not contender.docker("images", "--quiet", _LOCAL):
                contender.docker("load", "--quiet", "--input", self._archive("dockerd"), timeout=300)
            self._archive(f"new-{contender.name}").unlink(missing_ok=True)
        os.sync()

    def _open_registries(self, contenders: list[Contender]) -> None:
        """To each a registry that nobody has sent anything to: what it has is neither sent again nor mounted."""
        self._have(contenders)
        self._stack.close()
        for contender in contenders:
            registry = self._stack.enter_context(Registry())
            self._targets[contender.name] = f"{registry.host}/bulk:latest"
            contender.docker("tag", _LOCAL, self._targets[contender.name])

    def _archive(self, maker: str) -> Path:
        return self._archives / f"{maker}.tar"


def main() -> None:
    parser = argparse.ArgumentParser(description="time pull, push, save and load beside dockerd")
    parser.add_argument("names", nargs="*", metavar="NAME", help="pull, push, save, load, load-compressed")
    parser.add_argument("--rounds", type=int, default=3, help="counted turns of each daemon (default: 3)")
    arguments = parser.parse_args()
    with side_by_side("benchmarks.images") as contenders, ExitStack() as stack:
        rows = Places(contenders, stack).rows()
        if unknown := set(arguments.names) - set(rows):
            parser.error(f"no such row: {', '.join(sorted(unknown))}")
        for name in arguments.names or rows:
            row = rows[name]
            with MemoryWatch(contenders[0].pid) as memory:
                ratio = alternate(contenders, row.timed, rounds=arguments.rounds, warm_up=0, before=row.before)
            times = "   ".join(f"{each.name} {each.median:6.2f} s" for each in contenders)
            print(f"{name:<16} {times}   ratio {ratio:.2f} (goal {row.goal})   {memory}", flush=True)


if __name__ == "__main__":
    main()
