"""Host ports that this engine holds, each by a socket of its own.

The kernel refuses the port to every other program, and refuses it to us when another program has it. Nothing ever
arrives at such a socket: a published port's packets are sent on before, and a filter drops what comes while no rule
stands (a container being started, another's `nft flush ruleset`), so that clients try again instead of being refused.
"""

import errno
import socket
import struct
from collections.abc import Iterable, Sequence
from contextlib import ExitStack, suppress
from ctypes import addressof, create_string_buffer
from typing import Final

import structlog

from engine.errors import Conflict, EngineError, NotSupported
from engine.network.ports import ANY, PortRequest
from engine.networkdriver.driver import PublishedPort

log = structlog.get_logger(__name__)

_KINDS: Final = {
    "tcp": (socket.SOCK_STREAM, socket.IPPROTO_TCP),
    "udp": (socket.SOCK_DGRAM, socket.IPPROTO_UDP),
    "sctp": (socket.SOCK_STREAM, socket.IPPROTO_SCTP),
}
#: Errors that say: this kernel has no such protocol. Our own table is then the only guard, as nobody else can bind it.
_ABSENT: Final = frozenset({errno.EPROTONOSUPPORT, errno.ESOCKTNOSUPPORT})
_SO_ATTACH_FILTER: Final = 26
#: A kernel-chosen port can be lost between bind and listen; another is then tried.
_ATTEMPTS: Final = 16


class PortReservations:
    """Which container holds which host ports. In memory: the endpoints' records tell a new engine."""

    def __init__(self) -> None:
        self._held: dict[str, dict[PublishedPort, socket.socket | None]] = {}

    def reserve(self, owner: str, requests: Sequence[PortRequest]) -> tuple[PublishedPort, ...]:
        """Hold a host port for each request, or for none: raises Conflict in Docker's words, having let go of all."""
        with ExitStack() as undo:
            undo.callback(self.free, owner)
            for request in _by_freedom(requests):
                self._reserve_one(owner, request)
            undo.pop_all()
        return tuple(sorted(self._held.get(owner, ()), key=lambda port: (port.container_port, port.protocol)))

    def readopt(self, owner: str, ports: Iterable[PublishedPort]) -> None:
        """Hold again what a container that outlived the engine has published.

        A port that another program took in between is only warned of: the container's rules have kept it published.
        """
        held = self._held.setdefault(owner, {})
        for port in ports:
            held[port] = None
            try:
                held[port], _ = _bind(port.protocol, port.host_ip, port.host_port)
            except OSError as error:
                log.warning("published port is also bound by another program", port=port, error=str(error))

    def free(self, owner: str) -> None:
        """Let go of all that `owner` holds; nothing is no error."""
        for held in self._held.pop(owner, {}).values():
            if held is not None:
                held.close()

    def close(self) -> None:
        for owner in tuple(self._held):
            self.free(owner)

    def _reserve_one(self, owner: str, request: PortRequest) -> None:
        host_ip = request.host_ip or ANY
        refusal: EngineError | None = None
        for candidate in request.candidates:
            try:
                held, number = self._take(request.protocol, host_ip, candidate)
            except Conflict as error:
                refusal = error
                continue
            port = PublishedPort(request.container_port, request.protocol, host_ip, number)
            self._held.setdefault(owner, {})[port] = held
            return
        assert refusal is not None  # noqa: S101  # a range is never empty
        raise refusal

    def _take(self, protocol: str, host_ip: str, number: int) -> tuple[socket.socket | None, int]:
        if number and self._is_held(protocol, host_ip, number):
            raise Conflict(f"Bind for {host_ip}:{number} failed: port is already allocated")
        try:
            return _bind(protocol, host_ip, number)
        except OSError as error:
            verb = "listen tcp4" if protocol == "tcp" else f"listen {protocol}4"
            reason = (error.strerror or str(error)).lower()
            text = f"{verb} {host_ip}:{number}: bind: {reason}"
            raise (NotSupported if error.errno == errno.EAFNOSUPPORT else Conflict)(text) from error

    def _is_held(self, protocol: str, host_ip: str, number: int) -> bool:
        return any(
            port.protocol == protocol
            and port.host_port == number
            and (ANY in {port.host_ip, host_ip} or port.host_ip == host_ip)
            for held in self._held.values()
            for port in held
        )


def _by_freedom(requests: Iterable[PortRequest]) -> list[PortRequest]:
    """Fixed host ports first, ranges next, free choices last: so no choice takes a port that a later request names."""
    return sorted(requests, key=lambda request: (request.host_port == 0, len(request.candidates)))


def _bind(protocol: str, host_ip: str, number: int) -> tuple[socket.socket | None, int]:
    """A deaf socket on the port, and the port's number; no socket where the kernel lacks the protocol."""
    for attempt in range(_ATTEMPTS):
        with suppress(OSError) if not number and attempt < _ATTEMPTS - 1 else ExitStack():
            return _bind_once(protocol, host_ip, number)
    raise AssertionError("the last attempt returns or raises")


def _bind_once(protocol: str, host_ip: str, number: int) -> tuple[socket.socket | None, int]:
    kind, ip_protocol = _KINDS[protocol]
    try:
        held = socket.socket(socket.AF_INET, kind, ip_protocol)
    except OSError as error:
        if error.errno in _ABSENT and number:
            return None, number
        raise
    with ExitStack() as undo:
        undo.callback(held.close)
        _deafen(held)
        if kind == socket.SOCK_STREAM:
            # Connections of a former server in TIME_WAIT must not hold the port; listening makes it ours alone again.
            held.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        held.bind((host_ip, number))
        if kind == socket.SOCK_STREAM:
            held.listen(1)
        undo.pop_all()
    return held, held.getsockname()[1]


def _deafen(held: socket.socket) -> None:
    """Attach the one-instruction packet filter `ret 0`: every packet is dropped (socket(7), SO_ATTACH_FILTER)."""
    program = create_string_buffer(struct.pack("=HBBI", 0x06, 0, 0, 0))
    held.setsockopt(socket.SOL_SOCKET, _SO_ATTACH_FILTER, struct.pack("@HP", 1, addressof(program)))
