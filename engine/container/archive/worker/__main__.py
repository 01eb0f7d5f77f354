"""`python -m engine.container.archive.worker SOCKET PARENT`: the nursery; `archive.nursery` is the engine's side of it.

It has loaded all that a worker will ever need, and forks one for each order that comes through the socket: an
interpreter's start, and its imports, would be most of a small copy's time. It enters no container itself.

An order is a packet of JSON with four descriptors: the worker's standard input, output and error, and a pipe for its
exit code; a fifth is the container's process, where the order has a place for it. The answer is a packet with a pidfd
of the worker, or without one when it has ended already.
"""

import gc
import json
import os
import signal
import socket
import sys
from collections.abc import Sequence
from typing import Final, NoReturn

from engine.container.archive.worker import rights
from engine.container.archive.worker.obey import obey

_ORDER_LIMIT: Final = 1 << 20
_DESCRIPTORS: Final = 5
_STREAMS: Final = 3


def main(descriptor: int, parent: int) -> None:
    """Until the engine has closed the socket, or is gone."""
    rights.die_with(parent)
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # workers tell their exit codes themselves
    gc.freeze()
    with socket.socket(fileno=descriptor) as orders:
        while True:
            text, descriptors, _, _ = socket.recv_fds(orders, _ORDER_LIMIT, _DESCRIPTORS)
            if not text:
                return
            if (pid := os.fork()) == 0:
                orders.close()
                _work(text, descriptors)
            for each in descriptors:
                os.close(each)
            _answer(orders, pid)


def _answer(orders: socket.socket, pid: int) -> None:
    try:
        pidfd = os.pidfd_open(pid)
    except ProcessLookupError:
        orders.send(b"ended")
        return
    socket.send_fds(orders, [b"works"], [pidfd])
    os.close(pidfd)


def _work(text: bytes, descriptors: Sequence[int]) -> NoReturn:
    """Past the interpreter's own end: the thread that decompresses may still stand in a call."""
    code = 1
    verdict = descriptors[_STREAMS]
    try:
        rights.die_with(os.getppid())
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        for number, each in enumerate(descriptors[:_STREAMS]):
            os.dup2(each, number)
            os.close(each)
        order = json.loads(text)
        order["pidfd"] = descriptors[_STREAMS + 1] if len(descriptors) > _STREAMS + 1 else None
        code = obey(order)
    finally:
        os.write(verdict, bytes([code]))
        os._exit(code)


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
