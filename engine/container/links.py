"""`--link` on the default bridge: a container knows another by an alias, in its /etc/hosts and its environment.

The variables are those of Docker's documentation, "Legacy container links".
"""

from collections.abc import Iterator
from typing import Final

from msgspec import Struct

from engine.container.record import Link, Record
from engine.errors import InvalidParameter

#: What of a linked container's environment says nothing of it.
_OWN: Final = frozenset({"HOME", "PATH"})


class Linked(Struct, frozen=True):
    """A link whose container runs: its record, the alias, its address."""

    record: Record
    alias: str
    address: str


def parse(text: str) -> tuple[str, str]:
    """Read `name:alias`, `name`, or `/name:/me/alias` (as inspect shows it): the container, and its alias."""
    parts = text.split(":")
    if not text:
        raise InvalidParameter("empty string specified for links")
    if len(parts) > 2 or not all(parts):
        raise InvalidParameter(f"bad format for links: {text}")
    return parts[0].removeprefix("/"), parts[-1].rpartition("/")[2]


def hosts(linked: Linked) -> list[str]:
    """Entries for /etc/hosts (`name:address`): the alias, the host's name, the container's own."""
    names = (linked.alias, linked.record.config.hostname, linked.record.name)
    return [f"{name}:{linked.address}" for name in dict.fromkeys(names)]


def environment(name: str, linked: Linked) -> list[str]:
    """The variables of one link of the container `name`."""
    alias = linked.alias.upper().replace("-", "_")
    ports = sorted(map(_port, linked.record.config.exposed_ports or {}))
    first = [f"{alias}_PORT={ports[0][1]}://{linked.address}:{ports[0][0]}"] if ports else []
    each = [line for number, protocol in ports for line in _of_port(alias, linked.address, number, protocol)]
    own = [
        f"{alias}_ENV_{entry}"
        for entry in linked.record.config.env or ()
        if "=" in entry and entry.partition("=")[0] not in _OWN
    ]
    return [*first, *each, f"{alias}_NAME=/{name}/{linked.alias}", *own]


def described(links: tuple[Link, ...], name: str, names: dict[str, str]) -> list[str] | None:
    """Docker's HostConfig.Links of the container `name`; `names` are the linked containers' by their IDs."""
    return [f"/{names[link.container_id]}:/{name}/{link.alias}" for link in links if link.container_id in names] or None


def _port(text: str) -> tuple[int, str]:
    number, _, protocol = text.partition("/")
    return int(number), protocol or "tcp"


def _of_port(alias: str, address: str, number: int, protocol: str) -> Iterator[str]:
    prefix = f"{alias}_PORT_{number}_{protocol.upper()}"
    yield f"{prefix}={protocol}://{address}:{number}"
    yield f"{prefix}_ADDR={address}"
    yield f"{prefix}_PORT={number}"
    yield f"{prefix}_PROTO={protocol}"
