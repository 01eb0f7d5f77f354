"""`python -m engine.container.archive.worker ORDER PARENT`: see the package; `archive.child` gives the ORDER."""

import json
import os
import sys
from pathlib import Path
from typing import Any

from engine.container import user
from engine.container.archive.worker import namespace, paths, rights, stat
from engine.container.archive.worker.errors import BrokenTar, PathMissing, Refusal
from engine.container.archive.worker.incoming import Incoming
from engine.container.archive.worker.outgoing import Outgoing
from engine.errors import InvalidParameter
from engine.image.unpack.archive import entries
from engine.image.unpack.errors import LayerError
from engine.image.unpack.source import Source


def read(path: str, *, with_files: bool) -> None:
    """Tell what stands at the path, and send it when that is wanted."""
    found = paths.find(path)
    _say(stat.describe(path, found.info))
    if not with_files:
        return
    try:
        Outgoing(sys.stdout.fileno()).send(path, found)
    except OSError as error:
        raise BrokenTar(_error(error)["message"]) from error


def write(path: str, *, keep_kinds: bool, as_user: str) -> None:
    """Extract standard input into the folder at the path."""
    base = _destination(path)
    owner = user.resolve(Path("/"), as_user) if as_user else None
    incoming = Incoming(base, path, owner=(owner.uid, owner.gid) if owner else None, keep_kinds=keep_kinds)
    _say({})
    source = Source(sys.stdin.fileno())
    for entry in entries(source):
        _add(incoming, entry, source)
    source.drain()
    incoming.finish()
    _say({})


def _add(incoming: Incoming, entry: Any, source: Source) -> None:
    try:
        incoming.add(entry, source.pieces)
    except OSError as error:
        raise OSError(error.errno, error.strerror, os.fsdecode(entry.name[:200])) from error


def _destination(path: str) -> int:
    folder = paths.opened(path, os.O_PATH)
    if not os.path.isdir(folder):  # noqa: PTH112 - a descriptor
        raise Refusal("InvalidParameter", "extraction point is not a directory")
    if os.fstatvfs(folder).f_flag & os.ST_RDONLY:
        is_root = os.fstat(folder).st_dev == os.lstat("/").st_dev
        which = "container rootfs" if is_root else "mounted volume"
        raise Refusal("Forbidden", f"{which} is marked read-only")
    return folder


def _say(answer: dict[str, Any]) -> None:
    os.write(sys.stdout.fileno(), json.dumps(answer).encode() + b"\n")


def _error(error: Exception) -> dict[str, Any]:
    if isinstance(error, PathMissing):
        return {"error": "PathMissing", "message": ""}
    if isinstance(error, Refusal):
        return {"error": error.kind, "message": str(error)}
    if isinstance(error, LayerError | InvalidParameter):
        return {"error": "InvalidParameter", "message": str(error)}
    if isinstance(error, OSError):
        where = f"{error.filename}: " if error.filename else ""
        return {"error": "EngineError", "message": f"{where}{error.strerror}"}
    return {"error": "EngineError", "message": f"{type(error).__name__}: {error}"}


def _enter(order: dict[str, Any]) -> None:
    os.umask(0)
    if order["pidfd"] is not None:
        namespace.enter_running(order["pidfd"])
    else:
        namespace.enter_stopped(Path(order["root"]), order["binds"], read_only=order["read_only"])
    rights.give_up()


def _obey(order: dict[str, Any]) -> None:
    path = paths.absolute(order["path"])
    if order["action"] == "write":
        write(path, keep_kinds=order["keep_kinds"], as_user=order["as_user"])
    else:
        read(path, with_files=order["action"] == "read")


def main(text: str, parent: str) -> int:
    rights.die_with(int(parent))
    try:
        order = json.loads(text)
        _enter(order)
        _obey(order)
    except Exception as error:  # noqa: BLE001 - a traceback would read source files, by now the container's
        if isinstance(error, BrokenTar):  # a line behind the tar's data would be taken for more of it
            os.write(sys.stderr.fileno(), str(error).encode(errors="replace"))
        else:
            _say(_error(error))
        return 1
    return 0


if __name__ == "__main__":
    # Past the interpreter's own end: the thread that decompresses may still stand in a call.
    os._exit(main(*sys.argv[1:]))
