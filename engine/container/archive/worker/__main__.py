"""`python -m engine.container.archive.worker ORDER PARENT`: see the package; `archive.child` gives the ORDER."""

import json
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from engine.container.archive.worker import namespace, paths, rights, stat
from engine.container.archive.worker.answers import reason, refusal, say
from engine.container.archive.worker.errors import BrokenTar
from engine.container.archive.worker.outgoing import Outgoing


def look(path: str) -> paths.Found:
    """Tell what stands at the path."""
    found = paths.find(path)
    say(stat.describe(path, found.info))
    return found


def read(path: str) -> None:
    """The same, and send it."""
    found = look(path)
    try:
        Outgoing(sys.stdout.fileno()).send(path, found)
    except OSError as error:
        raise BrokenTar(reason(error)) from error


def _action(order: dict[str, Any]) -> Callable[[str], object]:
    """What the order asks for, with all its code loaded: nothing can be later."""
    if order["action"] != "write":
        return read if order["action"] == "read" else look
    # Half of the start's time, which most requests need not spend.
    from engine.container.archive.worker.extract import write  # noqa: PLC0415

    return lambda path: write(path, keep_kinds=order["keep_kinds"], as_user=order["as_user"])


def _enter(order: dict[str, Any]) -> None:
    os.umask(0)
    if order["pidfd"] is not None:
        namespace.enter_running(order["pidfd"])
    else:
        namespace.enter_stopped(Path(order["root"]), order["binds"], read_only=order["read_only"])
    rights.give_up()


def main(text: str, parent: str) -> int:
    rights.die_with(int(parent))
    try:
        order = json.loads(text)
        action = _action(order)
        _enter(order)
        action(paths.absolute(order["path"]))
    except BrokenTar as error:
        # A line behind the tar's data would be taken for more of it.
        os.write(sys.stderr.fileno(), str(error).encode(errors="replace"))
        return 1
    except Exception as error:  # noqa: BLE001 - a traceback would read source files, by now the container's
        say(refusal(error))
        return 1
    return 0


if __name__ == "__main__":
    # Past the interpreter's own end: the thread that decompresses may still stand in a call.
    os._exit(main(*sys.argv[1:]))
