"""Published ports: what a client asks for, and how Docker writes what it got."""

import ipaddress
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from engine.errors import InvalidParameter
from engine.networkdriver.driver import PublishedPort

PROTOCOLS: Final = ("tcp", "udp", "sctp")

_PORT: Final = re.compile(r"(\d{1,5})(?:-(\d{1,5}))?")


@dataclass(frozen=True, slots=True)
class PortRequest:
    """A container's port that shall be published.

    `host_ip` is empty for all addresses of the host, of both families where the container has both. `host_port` 0
    leaves the choice to the host; with `host_port_end` any free port of the two and those between.
    """

    container_port: int
    protocol: str = "tcp"
    host_ip: str = ""
    host_port: int = 0
    host_port_end: int = 0

    @property
    def candidates(self) -> range:
        """The host ports to try, in order; `range(0, 1)` where the kernel chooses."""
        return range(self.host_port, max(self.host_port, self.host_port_end) + 1)


def port_requests(
    bindings: Mapping[str, Sequence[Mapping[str, str]] | None],
    *,
    exposed: Iterable[str] = (),
    publish_all: bool = False,
) -> tuple[PortRequest, ...]:
    """Read HostConfig.PortBindings (`{"80/tcp": [{"HostIp": "", "HostPort": "8080"}]}`).

    With `publish_all` every port in `exposed` that has no binding gets a free one. Raises InvalidParameter with the
    text that can't be read.
    """
    requests = [_request(port, binding) for port, wanted in bindings.items() for binding in wanted or ({},)]
    if publish_all:
        bound = {(request.container_port, request.protocol) for request in requests}
        requests += [PortRequest(*port) for port in map(parse_port, exposed) if port not in bound]
    return tuple(requests)


def parse_port(text: str) -> tuple[int, str]:
    """`80/tcp`, `53/UDP` or `80` as number and protocol; raises InvalidParameter otherwise."""
    number, _, protocol = text.partition("/")
    protocol = protocol.lower() or "tcp"
    if protocol not in PROTOCOLS:
        raise InvalidParameter(f"invalid proto: {protocol}")
    first, last = _range(number)
    if first != last or not first:
        raise InvalidParameter(f"invalid container port: {text}")
    return first, protocol


def ports_json(exposed: Iterable[str], published: Iterable[PublishedPort]) -> dict[str, list[dict[str, str]] | None]:
    """NetworkSettings.Ports of a running container: exposed ports that are not published stand as null."""
    result: dict[str, list[dict[str, str]] | None] = dict.fromkeys(
        f"{number}/{protocol}" for number, protocol in sorted(map(parse_port, exposed))
    )
    for port in published:
        key = f"{port.container_port}/{port.protocol}"
        binding = {"HostIp": port.host_ip, "HostPort": str(port.host_port)}
        result[key] = [*(result.get(key) or ()), binding]
    return result


def ports_summary(exposed: Iterable[str], published: Sequence[PublishedPort]) -> list[dict[str, Any]]:
    """The `Ports` of one row of the containers' list."""
    rows: list[dict[str, Any]] = [
        {
            "IP": port.host_ip,
            "PrivatePort": port.container_port,
            "PublicPort": port.host_port,
            "Type": port.protocol,
        }
        for port in published
    ]
    bound = {(port.container_port, port.protocol) for port in published}
    rows += [
        {"PrivatePort": number, "Type": protocol}
        for number, protocol in map(parse_port, exposed)
        if (number, protocol) not in bound
    ]
    return sorted(rows, key=lambda row: (row["PrivatePort"], row["Type"]))


def _request(port: str, binding: Mapping[str, str]) -> PortRequest:
    number, protocol = parse_port(port)
    first, last = _range(binding.get("HostPort") or "0")
    return PortRequest(number, protocol, _host_ip(binding.get("HostIp") or ""), first, last if last > first else 0)


def _range(text: str) -> tuple[int, int]:
    match = _PORT.fullmatch(text)
    if match is None:
        raise InvalidParameter(f"invalid port specification: {text!r}")
    first = int(match[1])
    last = int(match[2] or match[1])
    if not first <= last <= 65535:
        raise InvalidParameter(f"invalid port specification: {text!r}")
    return first, last


def _host_ip(text: str) -> str:
    if not text:
        return ""
    try:
        address = ipaddress.ip_address(text.removeprefix("[").removesuffix("]"))
    except ValueError as error:
        raise InvalidParameter(f"invalid IP address in a port binding: {text!r}") from error
    if getattr(address, "scope_id", None):
        raise InvalidParameter(f"invalid IP address in a port binding: {text!r} has a scope")
    return str(address)
