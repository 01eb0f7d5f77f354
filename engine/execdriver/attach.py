"""The connection to a monitor's attach socket: packets (SOCK_SEQPACKET), the first byte the stream's number."""

import asyncio
import contextlib
import os
import socket
from pathlib import Path
from typing import Final

#: conmon sends at most 8 KiB of data and the stream's byte a packet, and reads at most 32 KiB a packet.
_PACKET_LIMIT: Final = 65536
_SEND_LIMIT: Final = 16384


class ConmonSocket:
    """One client's connection. Not to be read by two tasks at once."""

    def __init__(self, connection: socket.socket) -> None:
        self._connection = connection

    @classmethod
    async def connect(cls, folder: Path) -> "ConmonSocket":
        """Connect to `folder`/attach, however long the path is (a socket's address holds 107 bytes)."""
        connection = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET | socket.SOCK_NONBLOCK | socket.SOCK_CLOEXEC)
        directory = os.open(folder, os.O_PATH | os.O_CLOEXEC)
        try:
            await asyncio.get_running_loop().sock_connect(connection, f"/proc/self/fd/{directory}/attach")
        except BaseException:
            connection.close()
            raise
        finally:
            os.close(directory)
        return cls(connection)

    async def receive(self) -> tuple[int, bytes] | None:
        """The next packet as (1 stdout or 2 stderr, data); None at the end. conmon counts them from 2."""
        try:
            packet = await asyncio.get_running_loop().sock_recv(self._connection, _PACKET_LIMIT)
        except OSError:
            return None
        return (packet[0] - 1, packet[1:]) if packet else None

    async def send(self, data: bytes) -> None:
        """Give `data` to the process's stdin, waiting while it does not read. Lost when the monitor has ended."""
        loop = asyncio.get_running_loop()
        with contextlib.suppress(BrokenPipeError, ConnectionResetError):
            for start in range(0, len(data), _SEND_LIMIT):
                await loop.sock_sendall(self._connection, data[start : start + _SEND_LIMIT])

    def half_close(self) -> None:
        with contextlib.suppress(OSError):
            self._connection.shutdown(socket.SHUT_WR)

    def close(self) -> None:
        self._connection.close()
