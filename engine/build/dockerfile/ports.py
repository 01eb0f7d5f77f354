"""EXPOSE's ports: `80`, `80/udp`, `8000-8010/tcp`, and the host's part that Docker lets stand and drops."""

import ipaddress
from typing import Final

from engine.build.dockerfile.errors import SyntaxProblem

_PROTOCOLS: Final = frozenset({"tcp", "udp", "sctp"})


def exposed_ports(words: tuple[str, ...]) -> tuple[str, ...]:
    """Each word as `port/protocol`, a range as all of its ports; in their order, each once. Raises SyntaxProblem."""
    return tuple(dict.fromkeys(port for word in words for port in _spread(word)))


def _spread(word: str) -> list[str]:
    host, _, container = word.rpartition(":")
    ports, protocol = _protocol(container, word)
    first, last = _range(ports, "containerPort")
    if host:
        _check_host(host, last - first, ports)
    return [f"{port}/{protocol}" for port in range(first, last + 1)]


def _protocol(text: str, word: str) -> tuple[str, str]:
    ports, _, protocol = text.partition("/")
    if not ports:
        raise SyntaxProblem(f"no port specified: {word}<empty>")
    lowered = protocol.lower() or "tcp"
    if lowered not in _PROTOCOLS:
        raise SyntaxProblem(f"invalid proto: {lowered}")
    return ports, lowered


def _range(text: str, what: str) -> tuple[int, int]:
    first, is_range, last = text.partition("-")
    ends = (_port(first), _port(last if is_range else first))
    if None in ends:
        raise SyntaxProblem(f"invalid {what}: {text}")
    low, high = (end or 0 for end in ends)
    if high < low:
        raise SyntaxProblem(f"invalid {what}: {text}")
    return low, high


def _port(text: str) -> int | None:
    is_number = text.isascii() and text.isdigit() and len(text) <= 5
    return int(text) if is_number and int(text) <= 65535 else None


def _check_host(host: str, span: int, ports: str) -> None:
    address, _, port = host.rpartition(":")
    if address:
        _check_address(address)
    if port:
        first, last = _range(port, "hostPort")
        if span and last - first != span:
            raise SyntaxProblem(f"invalid ranges specified for container and host Ports: {ports} and {port}")


def _check_address(address: str) -> None:
    try:
        ipaddress.ip_address(address.removeprefix("[").removesuffix("]"))
    except ValueError:
        raise SyntaxProblem(f"invalid IP address: {address}") from None
