"""What a worker does with its order, from entering the container's view to its exit code."""

import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from engine.container.archive.worker import listing, namespace, paths, rights, stat
from engine.container.archive.worker.answers import reason, refusal, say
from engine.container.archive.worker.errors import BrokenTar
from engine.container.archive.worker.extract import write
from engine.container.archive.worker.outgoing import Outgoing


def obey(order: dict[str, Any]) -> int:
    """The exit code of an order, whose `action` is stat, list, read or write; the rest `archive.view`'s, and a path."""
    try:
        _enter(order)
        _action(order)(paths.absolute(order["path"]))
    except BrokenTar as error:
        # A line behind the tar's data would be taken for more of it.
        os.write(sys.stderr.fileno(), str(error).encode(errors="replace"))
        return 1
    except Exception as error:  # noqa: BLE001 - a traceback would read source files, by now the container's
        say(refusal(error))
        return 1
    return 0


def _look(path: str) -> paths.Found:
    """Tell what stands at the path."""
    found = paths.find(path)
    say(stat.describe(path, found.info))
    return found


def _read(path: str) -> None:
    """The same, and send it."""
    found = _look(path)
    try:
        Outgoing(sys.stdout.fileno()).send(path, found)
    except OSError as error:
        raise BrokenTar(reason(error)) from error


def _action(order: dict[str, Any]) -> Callable[[str], object]:
    if order["action"] == "write":
        return lambda path: write(path, keep_kinds=order["keep_kinds"], as_user=order["as_user"])
    return {"read": _read, "list": listing.send, "stat": _look}[order["action"]]


def _enter(order: dict[str, Any]) -> None:
    os.umask(0)
    if order["pidfd"] is not None:
        namespace.enter_running(order["pidfd"])
    else:
        namespace.enter_stopped(Path(order["root"]), order["binds"], read_only=order["read_only"])
    rights.give_up()
