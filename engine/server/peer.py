"""What the other end of a unix socket does, told by the kernel and not by polling.

asyncio knows whether a socket can be read or written. Two more things are asked here of an epoll instance of our own,
whose descriptor the event loop watches: it is readable when it has something to tell.
"""

import asyncio
import fcntl
import select
import socket
import struct
import termios
from collections.abc import Iterator
from contextlib import contextmanager


async def hung_up(transport: asyncio.BaseTransport) -> None:
    """Returns when the peer has closed its whole side, not only its half.

    After the end of input asyncio does not look at the socket any more. An epoll that waits for nothing is still told
    of a hang-up (epoll_ctl(2)).
    """
    with _watched(transport, 0) as changed:
        await changed.wait()


async def has_read(transport: asyncio.BaseTransport) -> None:
    """Returns when the peer has read all that was sent: nothing lies in its socket any more (unix(7), SIOCOUTQ).

    Each read that frees buffer space is an edge of EPOLLOUT, though the socket was writable all along.
    """
    descriptor = _descriptor(transport)
    with _watched(transport, select.EPOLLOUT | select.EPOLLET) as changed:
        while _unread(descriptor):
            changed.clear()
            await changed.wait()


@contextmanager
def _watched(transport: asyncio.BaseTransport, events: int) -> Iterator[asyncio.Event]:
    """The event is set whenever the kernel reports `events`, or a hang-up, of the transport's socket."""
    loop = asyncio.get_running_loop()
    changed = asyncio.Event()
    with select.epoll() as poll:

        def take() -> None:
            poll.poll(0)
            changed.set()

        poll.register(_descriptor(transport), events)
        loop.add_reader(poll.fileno(), take)
        try:
            yield changed
        finally:
            loop.remove_reader(poll.fileno())


def _unread(descriptor: int) -> int:
    answer = fcntl.ioctl(descriptor, termios.TIOCOUTQ, bytes(4))
    return int(struct.unpack("i", answer)[0])


def _descriptor(transport: asyncio.BaseTransport) -> int:
    """The socket's descriptor; raises ConnectionResetError when it is closed already."""
    if transport.is_closing():
        raise ConnectionResetError("the connection is closed")
    found: socket.socket = transport.get_extra_info("socket")
    return found.fileno()
