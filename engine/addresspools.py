"""The ranges of addresses that networks get their subnets from, where nobody says which."""

import hashlib
import ipaddress
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from ipaddress import IPv4Network, IPv6Network
from itertools import islice
from typing import Final

from engine.errors import InvalidParameter

#: How many subnets of one range are looked at: a /8 of /24s has room for as many networks.
_MOST_TRIED: Final = 1 << 16


@dataclass(frozen=True, slots=True)
class AddressRange:
    """`base`, cut into subnets of the prefix length `size`."""

    base: IPv4Network | IPv6Network
    size: int

    @classmethod
    def parse(cls, text: str) -> "AddressRange":
        """Read `10.0.0.0/8:24`, or a network alone, which is one subnet; raises InvalidParameter."""
        base, separator, size = text.rpartition(":") if ":" in text.rpartition("/")[2] else (text, "", "")
        try:
            network = ipaddress.ip_network(base)
        except ValueError as error:
            raise InvalidParameter(f"invalid address pool {text!r}: {error}") from error
        if separator and not (size.isdecimal() and network.prefixlen <= int(size) <= network.max_prefixlen):
            raise InvalidParameter(f"invalid address pool {text!r}: its subnets can't have the prefix length {size!r}")
        return cls(network, int(size) if separator else network.prefixlen)

    @property
    def version(self) -> int:
        return self.base.version

    def first_free(self, taken: Iterable[IPv4Network | IPv6Network]) -> IPv4Network | IPv6Network | None:
        """The first subnet that overlaps none of `taken`; None where there is none."""
        near = [network for network in taken if _overlap(network, self.base)]
        if any(self.base.prefixlen >= network.prefixlen for network in near):
            return None  # all of it is taken
        return next((each for each in self._subnets() if not any(_overlap(each, network) for network in near)), None)

    def __str__(self) -> str:
        return f"{self.base}:{self.size}"

    def _subnets(self) -> Iterator[IPv4Network | IPv6Network]:
        return islice(self.base.subnets(new_prefix=self.size), _MOST_TRIED)


def own_range(seed: str) -> AddressRange:
    """A range of IPv6 addresses of this engine's own: 40 bits that follow from `seed`, as RFC 4193 wants them unlikely
    to be another's; its networks get a /64 each."""
    chosen = hashlib.sha256(seed.encode()).digest()[:5]
    return AddressRange(IPv6Network((b"\xfd" + chosen + bytes(10), 48)), 64)


DEFAULT_RANGES: Final = (
    *(AddressRange(IPv4Network(f"172.{second}.0.0/16"), 16) for second in range(17, 32)),
    AddressRange(IPv4Network("192.168.0.0/16"), 20),
)


def _overlap(one: IPv4Network | IPv6Network, other: IPv4Network | IPv6Network) -> bool:
    if isinstance(one, IPv4Network):
        return isinstance(other, IPv4Network) and one.overlaps(other)
    return isinstance(other, IPv6Network) and one.overlaps(other)
