"""Waiting for orders, and forking for them.

An order comes as one byte with descriptors: the order itself (JSON in a memory file), the pipe for the answer, a pipe
at whose other end the asker's interest hangs, and then the job's own. When that interest ends, so does the job: the
kernel sends a signal when the pipe's last writer closes it.
"""

import fcntl
import gc
import json
import os
import signal
import socket
from collections.abc import Mapping
from typing import Any, Final, NoReturn

from engine.build.worker.errors import Refusal
from engine.build.worker.jobs import AT_HOME, FORKED, Job, State
from engine.container.archive.worker import rights

_MOST_DESCRIPTORS: Final = 16
_OPEN: Final = "open"


def serve(channel: socket.socket) -> None:
    """Obey until the other end closes. Children are not waited for: whoever ordered them sees their pipes end."""
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    gc.disable()
    gc.freeze()  # forked children share what is loaded, as long as nobody counts in it
    state = State()
    while True:
        data, descriptors, _, _ = socket.recv_fds(channel, 1, _MOST_DESCRIPTORS)
        if not data:
            return
        _obey(channel, state, descriptors)


def _obey(channel: socket.socket, state: State, descriptors: list[int]) -> None:
    order_file, reply, interest, *others = descriptors
    order = _read_order(order_file)
    kind = order["kind"]
    try:
        if kind in AT_HOME:
            _answer(reply, AT_HOME[kind], state, order, others)
            others.clear()  # the job's own from now on
        elif _forked():
            channel.close()
            _child(state, order, reply, interest, others)
    finally:
        for descriptor in (order_file, reply, interest, *others):
            os.close(descriptor)


def _forked() -> bool:
    """Fork; True in the child, which ends with its parent."""
    parent = os.getpid()
    if os.fork():
        return False
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    rights.die_with(parent)
    return True


def _child(state: State, order: Mapping[str, Any], reply: int, interest: int, others: list[int]) -> NoReturn:
    """Never returns into the loop that it was forked in."""
    code = 1
    try:
        if order["kind"] == _OPEN:
            os.close(reply)
            os.close(interest)
            serve(socket.socket(fileno=others[0]))
        else:
            _end_with(interest)
            _answer(reply, FORKED[order["kind"]], state, order, others)
        code = 0
    finally:
        os._exit(code)  # past the interpreter's own end, which is not this process' business


def _end_with(pipe: int) -> None:
    """Let the kernel kill this process when the pipe's other end is closed."""
    fcntl.fcntl(pipe, fcntl.F_SETOWN, os.getpid())
    fcntl.fcntl(pipe, fcntl.F_SETFL, os.O_ASYNC | os.O_NONBLOCK)
    try:
        if not os.read(pipe, 1):
            os._exit(1)  # it was closed before
    except BlockingIOError:
        return


def _answer(reply: int, job: Job, state: State, order: Mapping[str, Any], descriptors: list[int]) -> None:
    try:
        answer = {"result": job(state, order, descriptors)}
    except Refusal as error:
        answer = {"error": error.kind, "message": str(error)}
    except OSError as error:
        where = f"{error.filename}: " if isinstance(error.filename, str) else ""
        answer = {"error": "EngineError", "message": f"{where}{error.strerror}"}
    except Exception as error:  # noqa: BLE001 - a traceback would read source files, by now the image's
        answer = {"error": "EngineError", "message": f"{order['kind']}: {type(error).__name__}: {error}"}
    data = json.dumps(answer).encode()
    while data:
        data = data[os.write(reply, data) :]


def _read_order(descriptor: int) -> dict[str, Any]:
    size = os.fstat(descriptor).st_size
    order: dict[str, Any] = json.loads(os.pread(descriptor, size, 0))
    return order
