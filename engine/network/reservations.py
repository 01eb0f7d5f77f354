"""Host ports that this engine holds, each by a socket of its own.

The kernel refuses the port to every other program, and refuses it to us when another program has it. Nothing ever
arrives at such a socket: a published port's packets are sent on before, and a filter drops what comes while no rule
stands (a container being started, another's `nft flush ruleset`), so that clients try again instead of being refused.
What comes to a TCP port at ::1 is the exception: the engine relays it (`engine.network.relay`).
"""

import errno
import socket
import struct
from collections.abc import Iterable, Sequence
from contextlib import ExitStack
from ctypes import addressof, create_string_buffer
from typing import Final

import structlog

from engine.errors import Conflict, EngineError, InvalidParameter, NotSupported
from engine.linux.inet import ANY, FAMILIES
from engine.network.ports import PortRequest
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
_ALL_OF_HOST: Final = frozenset(ANY.values())
#: A kernel-chosen port can be lost between bind and listen; another is then tried.
_ATTEMPTS: Final = 16


Held = dict[PublishedPort, socket.socket | None]


class PortReservations:
    """Which container holds which host ports. In memory: the endpoints' records tell a new engine."""

    def __init__(self) -> None:
        self._held: dict[str, Held] = {}
        self._numbers: dict[tuple[str, int], list[str]] = {}  # who asks for a port need not look at all of them

    def reserve(
        self, owner: str, requests: Sequence[PortRequest], *, has_ipv6: bool = False
    ) -> tuple[PublishedPort, ...]:
        """Hold a host port for each request, or for none: raises Conflict in Docker's words, having let go of all.

        One that names no address is held in both families, by the same number, where the container `has_ipv6`.
        """
        with ExitStack() as undo:
            undo.callback(self.free, owner)
            for request in _by_freedom(requests):
                self._note(owner, self._take(request, _addresses(request, has_ipv6=has_ipv6)))
            undo.pop_all()
        return self.ports(owner)

    def ports(self, owner: str) -> tuple[PublishedPort, ...]:
        """What `owner` holds, in the order of the container's ports."""
        held = self._held.get(owner, ())
        return tuple(sorted(held, key=lambda port: (port.container_port, port.protocol, port.version)))

    def socket_of(self, owner: str, port: PublishedPort) -> socket.socket | None:
        """What holds the port; None where that is only this table."""
        return self._held.get(owner, {}).get(port)

    def readopt(self, owner: str, ports: Iterable[PublishedPort]) -> None:
        """Hold again what a container that outlived the engine has published.

        A port that another program took in between is only warned of: the container's rules have kept it published.
        """
        for port in ports:
            held = None
            try:
                held, _ = _bind(port.protocol, port.host_ip, port.host_port)
            except OSError as error:
                log.warning("published port is also bound by another program", port=port, error=str(error))
            self._note(owner, {port: held})

    def free(self, owner: str) -> None:
        """Let go of all that `owner` holds; nothing is no error."""
        for port, held in self._held.pop(owner, {}).items():
            addresses = self._numbers[port.protocol, port.host_port]
            addresses.remove(port.host_ip)
            if not addresses:
                del self._numbers[port.protocol, port.host_port]
            if held is not None:
                held.close()

    def close(self) -> None:
        for owner in tuple(self._held):
            self.free(owner)

    def _note(self, owner: str, held: Held) -> None:
        self._held.setdefault(owner, {}).update(held)
        for port in held:
            self._numbers.setdefault((port.protocol, port.host_port), []).append(port.host_ip)

    def _take(self, request: PortRequest, addresses: Sequence[str]) -> Held:
        """Hold the first port of the request's that is free at all addresses; raises the last refusal."""
        candidates = request.candidates if request.candidates[0] else [0] * _ATTEMPTS
        refusal: EngineError | None = None
        for number in candidates:
            try:
                return self._take_everywhere(request, addresses, number)
            except Conflict as error:
                refusal = error
        assert refusal is not None  # noqa: S101  # a range is never empty
        raise refusal

    def _take_everywhere(self, request: PortRequest, addresses: Sequence[str], number: int) -> Held:
        taken: Held = {}
        with ExitStack() as undo:
            for address in addresses:
                held, number = self._take_one(request.protocol, address, number)
                if held is not None:
                    undo.callback(held.close)
                taken[PublishedPort(request.container_port, request.protocol, address, number)] = held
            undo.pop_all()
        return taken

    def _take_one(self, protocol: str, host_ip: str, number: int) -> tuple[socket.socket | None, int]:
        if number and self._is_held(protocol, host_ip, number):
            raise Conflict(f"Bind for {host_ip}:{number} failed: port is already allocated")
        try:
            return _bind(protocol, host_ip, number)
        except OSError as error:
            version, shown = (6, f"[{host_ip}]") if ":" in host_ip else (4, host_ip)
            reason = (error.strerror or str(error)).lower()
            text = f"listen {protocol}{version} {shown}:{number}: bind: {reason}"
            raise (NotSupported if error.errno == errno.EAFNOSUPPORT else Conflict)(text) from error

    def _is_held(self, protocol: str, host_ip: str, number: int) -> bool:
        others = self._numbers.get((protocol, number), ())
        return any(
            (":" in other) == (":" in host_ip) and (other == host_ip or not _ALL_OF_HOST.isdisjoint({other, host_ip}))
            for other in others
        )


def _by_freedom(requests: Iterable[PortRequest]) -> list[PortRequest]:
    """Fixed host ports first, ranges next, free choices last: so no choice takes a port that a later request names."""
    return sorted(requests, key=lambda request: (request.host_port == 0, len(request.candidates)))


def _addresses(request: PortRequest, *, has_ipv6: bool) -> list[str]:
    if not request.host_ip:
        return [ANY[4], ANY[6]] if has_ipv6 else [ANY[4]]
    if ":" in request.host_ip and not has_ipv6:
        raise InvalidParameter(
            f"Bind for [{request.host_ip}]:{request.host_port} failed: the container has no IPv6 address on its network"
        )
    return [request.host_ip]


def _bind(protocol: str, host_ip: str, number: int) -> tuple[socket.socket | None, int]:
    """A deaf socket on the port, and the port's number; no socket where the kernel lacks the protocol."""
    kind, ip_protocol = _KINDS[protocol]
    version = 6 if ":" in host_ip else 4
    try:
        held = socket.socket(FAMILIES[version], kind, ip_protocol)
    except OSError as error:
        if error.errno in _ABSENT and number:
            return None, number
        raise
    with ExitStack() as undo:
        undo.callback(held.close)
        _deafen(held, hears_loopback=version == 6 and protocol == "tcp")
        if version == 6:
            held.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        if kind == socket.SOCK_STREAM:
            # Connections of a former server in TIME_WAIT must not hold the port; listening makes it ours alone again.
            held.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        held.bind((host_ip, number))
        if kind == socket.SOCK_STREAM:
            held.listen(1)
        undo.pop_all()
    return held, held.getsockname()[1]


#: Instructions of the classic packet filter, as (code, jump if true, if not, value): one word of the IPv6 header's
#: destination (SKF_NET_OFF and 24 bytes), a comparison, an end.
_LOAD, _IF_EQUAL, _RETURN = 0x20, 0x15, 0x06
_DESTINATION: Final = (-0x100000 & 0xFFFFFFFF) + 24
_LOOPBACK_WORDS: Final = (0, 0, 0, 1)


def _deafen(held: socket.socket, *, hears_loopback: bool) -> None:
    """Attach a packet filter that drops every packet (socket(7), SO_ATTACH_FILTER), those to ::1 perhaps excepted."""
    instructions: list[tuple[int, int, int, int]] = []
    if hears_loopback:
        for number, word in enumerate(_LOOPBACK_WORDS):
            rest = 2 * (len(_LOOPBACK_WORDS) - number) - 1  # to the last instruction
            instructions += [(_LOAD, 0, 0, _DESTINATION + 4 * number), (_IF_EQUAL, 0, rest, word)]
        instructions.append((_RETURN, 0, 0, 0xFFFFFFFF))
    instructions.append((_RETURN, 0, 0, 0))
    program = create_string_buffer(b"".join(struct.pack("=HBBI", *each) for each in instructions))
    attached = struct.pack("@HP", len(instructions), addressof(program))
    held.setsockopt(socket.SOL_SOCKET, _SO_ATTACH_FILTER, attached)
