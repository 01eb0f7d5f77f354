"""What users wait for, by the docker client, on Portside and on dockerd: one row a command, the ratio of the medians.

python -m benchmarks.commands [--rounds N] [NAME …]
"""

import argparse
import os
from collections.abc import Callable, Mapping
from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import Final

from benchmarks.contenders import Contender, alternate, side_by_side
from benchmarks.run_true import run_true
from tests.support import session

_LINES: Final = 300_000
_WRITE_LINES: Final = f"seq {_LINES}"
#: A container that stands by, and one that has written its lines: made before the first turn.
_IDLE: Final = "idle"
_WROTE: Final = "wrote"


def prepare(contender: Contender) -> None:
    contender.call("run", "-d", "--name", _IDLE, contender.image, "sleep", "100000")
    contender.call("run", "--name", _WROTE, contender.image, "sh", "-c", _WRITE_LINES)
    contender.call("cp", str(_file()), f"{_IDLE}:/copied")
    for number in range(20):
        contender.call("run", "-d", "--name", f"one-of-20-{number}", contender.image, "sleep", "100000")


def tidy(contender: Contender) -> None:
    if listed := contender.docker("ps", "--all", "--quiet").split():
        contender.call("rm", "--force", *listed)


def thirty_at_once(contender: Contender) -> None:
    clients = [contender.client("run", "--rm", contender.image, "true") for _ in range(30)]
    for client in clients:
        client.wait()


def exec_true(contender: Contender) -> None:
    contender.call("exec", _IDLE, "true")


def start_kill_remove(contender: Contender) -> None:
    contender.call("run", "-d", "--name", "short", contender.image, "sleep", "100000")
    contender.call("kill", "short")
    contender.call("rm", "short")


def read_the_log(contender: Contender) -> None:
    contender.call("logs", _WROTE)


def write_attached(contender: Contender) -> None:
    contender.call("run", "--rm", contender.image, "sh", "-c", _WRITE_LINES)


def copy_in(contender: Contender) -> None:
    contender.call("cp", str(_file()), f"{_IDLE}:/tmp/file")


def copy_out(contender: Contender) -> None:
    contender.call("cp", f"{_IDLE}:/copied", str(_file().with_name("out")))


@cache
def _file() -> Path:
    """100 MB that no file system and no compression makes little of."""
    path = session.directory("cp") / "file"
    path.write_bytes(os.urandom(100_000_000))
    return path


def list_twenty(contender: Contender) -> None:
    for _ in range(10):
        contender.call("ps", "--all")


def inspect_often(contender: Contender) -> None:
    for _ in range(10):
        contender.call("inspect", _IDLE)


#: Each with the most that its ratio shall be.
COMMANDS: Final[Mapping[str, tuple[Callable[[Contender], None], float]]] = MappingProxyType(
    {
        "run-true": (run_true, 0.4),
        "thirty-at-once": (thirty_at_once, 0.5),
        "exec-true": (exec_true, 0.9),
        "start-kill-remove": (start_kill_remove, 0.5),
        "logs-300000": (read_the_log, 1.0),
        "attached-300000": (write_attached, 1.0),
        "cp-in-100mb": (copy_in, 1.0),
        "cp-out-100mb": (copy_out, 1.0),
        "list-20": (list_twenty, 1.0),
        "inspect": (inspect_often, 1.0),
    }
)


def main() -> None:
    parser = argparse.ArgumentParser(description="time common commands beside dockerd")
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"which ones (default: all): {', '.join(COMMANDS)}")
    parser.add_argument("--rounds", type=int, default=5, help="counted turns of each daemon (default: 5)")
    arguments = parser.parse_args()
    if unknown := set(arguments.names) - set(COMMANDS):
        parser.error(f"no such command: {', '.join(sorted(unknown))}")
    with side_by_side("benchmarks.commands") as contenders:
        for contender in contenders:
            prepare(contender)
        for name in arguments.names or COMMANDS:
            what, goal = COMMANDS[name]
            ratio = alternate(contenders, what, rounds=arguments.rounds, warm_up=1)
            times = "   ".join(f"{each.name} {each.median * 1000:6.0f} ms" for each in contenders)
            print(f"{name:<18} {times}   ratio {ratio:.2f} (goal {goal})", flush=True)
        for contender in contenders:
            tidy(contender)


if __name__ == "__main__":
    main()
