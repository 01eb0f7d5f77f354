"""Bytes between one TLS client and the engine's socket, in both directions, each of which ends by itself."""

import contextlib
import selectors
import socket
import ssl
from collections.abc import Callable
from typing import Final

#: Bytes that wait in one direction: more, and who sends has to wait.
_LIMIT: Final = 256 * 1024
_PIECE: Final = 64 * 1024
_WAITS: Final = (ssl.SSLWantReadError, ssl.SSLWantWriteError, BlockingIOError)


class _Way:
    """One direction: what has been read and not yet been written."""

    def __init__(self, read: Callable[[int], bytes], write: Callable[[bytes], int], end: Callable[[], None]) -> None:
        self._read, self._write, self._end = read, write, end
        self._held = bytearray()
        self._is_read = True
        self.is_over = False

    def move(self) -> bool:
        """Read and write as far as it goes now; tells whether anything moved."""
        moved = self._take() if self._is_read and len(self._held) < _LIMIT else False
        while self._held:
            try:
                written = self._write(bytes(self._held[:_PIECE]))
            except _WAITS:
                break
            del self._held[:written]
            moved = True
        if not self._is_read and not self._held and not self.is_over:
            self.is_over = True
            with contextlib.suppress(OSError):
                self._end()
        return moved

    @property
    def waits_to_read(self) -> bool:
        return self._is_read and len(self._held) < _LIMIT

    @property
    def waits_to_write(self) -> bool:
        return bool(self._held)

    def _take(self) -> bool:
        try:
            data = self._read(_PIECE)
        except _WAITS:
            return False
        except (ssl.SSLError, OSError):
            data = b""  # cut off: no more will come this way
        self._held += data
        self._is_read = bool(data)
        return True


def relay(client: ssl.SSLSocket, engine: socket.socket) -> None:
    """Carry bytes until the engine has said all, or the client can't be reached any more. Both are closed then."""
    with client, engine:
        client.setblocking(False)
        engine.setblocking(False)
        there = _Way(client.recv, engine.send, lambda: engine.shutdown(socket.SHUT_WR))
        # The engine's end is the connection's: unwrap() says it to the client in TLS's own words.
        back = _Way(engine.recv, client.send, lambda: _say_goodbye(client))
        with selectors.DefaultSelector() as selector:
            selector.register(client, selectors.EVENT_READ)
            selector.register(engine, selectors.EVENT_READ)
            while not back.is_over:
                try:
                    moved = there.move() | back.move()
                except (ssl.SSLError, OSError):
                    return
                if not moved and not back.is_over:
                    _wait(selector, client, engine, there, back)


def _wait(
    selector: selectors.BaseSelector, client: ssl.SSLSocket, engine: socket.socket, there: _Way, back: _Way
) -> None:
    for end, way_in, way_out in ((client, there, back), (engine, back, there)):
        events = selectors.EVENT_READ if way_in.waits_to_read else 0
        events |= selectors.EVENT_WRITE if way_out.waits_to_write else 0
        _watch(selector, end, events)
    selector.select()


def _watch(selector: selectors.BaseSelector, end: socket.socket, events: int) -> None:
    """A selector knows no socket without events: one that nothing is awaited of is taken out."""
    is_known = end in selector.get_map()
    if not events and is_known:
        selector.unregister(end)
    elif events and is_known:
        selector.modify(end, events)
    elif events:
        selector.register(end, events)


def _say_goodbye(client: ssl.SSLSocket) -> None:
    with contextlib.suppress(*_WAITS, ssl.SSLError):
        client.unwrap()
