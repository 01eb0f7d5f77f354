"""The files that tell a container of its network: /etc/hosts and /etc/resolv.conf, in Docker's form."""

import ipaddress
from collections.abc import Iterable, Sequence
from typing import Final

from engine.errors import InvalidParameter

#: What Docker falls back to where the host names no server that a container could reach.
PUBLIC_SERVERS: Final = ("8.8.8.8", "8.8.4.4")
#: Where a container on a network with names finds the engine's name server, as in Docker.
NAME_SERVER: Final = "127.0.0.11"

_LOCAL_NAMES: Final = (
    "127.0.0.1\tlocalhost",
    "::1\tlocalhost ip6-localhost ip6-loopback",
    "fe00::\tip6-localnet",
    "ff00::\tip6-mcastprefix",
    "ff02::1\tip6-allnodes",
    "ff02::2\tip6-allrouters",
)


def hosts_file(
    hostname: str,
    domainname: str = "",
    addresses: Sequence[str] = (),
    extra_hosts: Iterable[str] = (),
    *,
    gateway: str = "",
) -> bytes:
    """/etc/hosts: the local names, `extra_hosts` (`name:address`), then the container's own name at its `addresses`.

    `host-gateway` as an address stands for `gateway`. Without addresses (no network) the own name is left out.
    Raises InvalidParameter for an entry that can't be read.
    """
    lines = [*_LOCAL_NAMES, *(_extra_host(entry, gateway) for entry in extra_hosts)]
    names = f"{hostname}.{domainname} {hostname}" if domainname else hostname
    lines += [f"{address}\t{_one_line(names)}" for address in addresses]
    return ("\n".join(lines) + "\n").encode()


def resolv_file(
    host_resolv_text: str,
    dns: Sequence[str] = (),
    search: Sequence[str] = (),
    options: Sequence[str] = (),
    *,
    shares_host: bool = False,
) -> bytes:
    """/etc/resolv.conf: the host's, each kind of line replaced by what was asked for.

    The host's servers on loopback addresses are dropped, as in the container they would mean itself; where none is
    left, PUBLIC_SERVERS stand in. With `shares_host` (the host's own namespace) they are kept. A search list of just
    `.` means none (resolv.conf(5), and Docker's rule).
    """
    host = _host_entries(host_resolv_text)
    servers = [_server(text) for text in dns] or _reachable(host["nameserver"], shares_host=shares_host)
    searched = [_word(text) for text in search] or host["search"]
    chosen = [_word(text) for text in options] or host["options"]
    lines = [f"nameserver {server}" for server in servers]
    if searched and searched != ["."]:
        lines.append(f"search {' '.join(searched)}")
    if chosen:
        lines.append(f"options {' '.join(chosen)}")
    return ("\n".join(lines) + "\n").encode()


def resolver_file(host_resolv_text: str, search: Sequence[str] = (), options: Sequence[str] = ()) -> bytes:
    """/etc/resolv.conf of a container that asks the engine's name server, at 127.0.0.11.

    Every name is tried as it stands first (`ndots:0`), unless the options say otherwise: names of containers have no
    dots, and are not to go to search domains.
    """
    host = _host_entries(host_resolv_text)
    chosen = list(options) or host["options"]
    if not any(option.startswith("ndots:") for option in chosen):
        chosen = [*chosen, "ndots:0"]
    return resolv_file(host_resolv_text, [NAME_SERVER], search, chosen)


def name_servers(host_resolv_text: str, dns: Sequence[str] = ()) -> list[str]:
    """Whom the engine's name server asks in turn: `dns`, or the host's own, or PUBLIC_SERVERS."""
    said = [server for server in _host_entries(host_resolv_text)["nameserver"] if _is_ip(server)]
    return [_server(text) for text in dns] or said or list(PUBLIC_SERVERS)


def _host_entries(text: str) -> dict[str, list[str]]:
    """Servers add up; the last `search` (or `domain`) and the last `options` line count."""
    entries: dict[str, list[str]] = {"nameserver": [], "search": [], "options": []}
    for line in text.splitlines():
        keyword, *values = line.split("#")[0].split(";")[0].split() or [""]
        if keyword == "nameserver":
            entries["nameserver"] += values[:1]
        elif keyword in {"search", "domain"}:
            entries["search"] = values
        elif keyword == "options":
            entries["options"] = values
    return entries


def _reachable(servers: list[str], *, shares_host: bool) -> list[str]:
    if shares_host:
        return servers
    return [server for server in servers if _is_remote(server)] or list(PUBLIC_SERVERS)


def _is_remote(server: str) -> bool:
    """IPv4 and not on loopback: these networks carry no IPv6, and a scope (fe80::1%eth0) names a host's interface."""
    try:
        return not ipaddress.IPv4Address(server).is_loopback
    except ValueError:
        return False


def _is_ip(text: str) -> bool:
    try:
        return bool(ipaddress.ip_address(text).version)
    except ValueError:
        return False


def _server(text: str) -> str:
    try:
        return str(ipaddress.ip_address(text))
    except ValueError as error:
        raise InvalidParameter(f"invalid DNS server address: {text!r}") from error


def _extra_host(entry: str, gateway: str) -> str:
    separator = "=" if "=" in entry else ":"
    name, _, address = entry.partition(separator)
    if address == "host-gateway":
        address = gateway
    try:
        parsed = ipaddress.ip_address(address.strip("[]"))
    except ValueError as error:
        raise InvalidParameter(f"invalid IP address in add-host: {entry!r}") from error
    return f"{parsed}\t{_word(name)}"


def _word(text: str) -> str:
    """One word of a line: blanks and newlines would smuggle in further entries."""
    if not text or any(character.isspace() or character == "\0" for character in text):
        raise InvalidParameter(f"invalid value in a host or DNS setting: {text!r}")
    return text


def _one_line(text: str) -> str:
    if any(character in text for character in "\n\r\0"):
        raise InvalidParameter(f"invalid host name: {text!r}")
    return text
