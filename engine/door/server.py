"""The door's listener: a thread a connection, as their number is that of a host's clients."""

import contextlib
import socket
import ssl
import threading
from pathlib import Path
from typing import Final

import structlog

from engine.door.context import Current
from engine.door.relay import relay

log = structlog.get_logger(__name__)

#: Seconds in which a client has to show its certificate.
HANDSHAKE_SECONDS: Final = 10
#: Connections at a time; those beyond are closed at once.
MOST: Final = 512


class Door:
    """Listens on `address`; `serve()` runs until `close()`."""

    def __init__(self, address: tuple[str, int], target: Path, current: Current) -> None:
        self._target = target
        self._current = current
        self._room = threading.BoundedSemaphore(MOST)
        family = socket.AF_INET6 if ":" in address[0] else socket.AF_INET
        self._listening = socket.create_server(address, family=family, backlog=128)

    @property
    def port(self) -> int:
        return int(self._listening.getsockname()[1])

    def serve(self) -> None:
        while True:
            try:
                connection, peer = self._listening.accept()
            except OSError:
                return  # closed
            if not self._room.acquire(blocking=False):
                log.warning("too many connections", peer=peer[0], most=MOST)
                connection.close()
                continue
            threading.Thread(target=self._receive, args=(connection, peer[0]), daemon=True).start()

    def close(self) -> None:
        with contextlib.suppress(OSError):
            self._listening.shutdown(socket.SHUT_RDWR)
        self._listening.close()

    def _receive(self, connection: socket.socket, peer: str) -> None:
        try:
            with connection:
                self._admit(connection, peer)
        finally:
            self._room.release()

    def _admit(self, connection: socket.socket, peer: str) -> None:
        connection.settimeout(HANDSHAKE_SECONDS)
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
        try:
            client = self._current.context().wrap_socket(connection, server_side=True, suppress_ragged_eofs=True)
        except (ssl.SSLError, OSError) as error:
            log.warning("refused", peer=peer, reason=str(error))
            return
        engine = socket.socket(socket.AF_UNIX)
        try:
            engine.connect(str(self._target))
        except OSError as error:
            log.warning("the engine is away", socket=str(self._target), reason=str(error))
            engine.close()
            client.close()
            return
        relay(client, engine)
