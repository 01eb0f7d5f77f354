"""Networks as values, and as the records that outlive the engine."""

import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from ipaddress import ip_address, ip_network
from typing import Final

import msgspec

from engine.linux.inet import IPAddress, IPNetwork
from engine.network.options import (
    HOST_BINDING,
    ICC,
    INTERFACE_PREFIX,
    MASQUERADE,
    MODE_CHOICES,
    MODES,
    MTU,
    is_true,
)
from engine.networkdriver.driver import NetworkPlan, Subnet

#: The networks that every engine has: name and driver, as Docker lists them.
PREDEFINED: Final[Mapping[str, str]] = {"bridge": "bridge", "host": "host", "none": "null"}
#: What a container calls its interfaces, before their numbers.
_PREFIX: Final = "eth"


class SpaceRecord(msgspec.Struct, frozen=True):
    """An `AddressSpace` on disk."""

    subnet: str
    gateway: str
    range: str = ""
    reserved: dict[str, str] = {}
    is_chosen: bool = False


class NetworkRecord(msgspec.Struct, frozen=True):
    """A network on disk. `spaces` is empty for networks without addresses of their own (host, none)."""

    id: str
    name: str
    driver: str
    created: int
    interface: str = ""
    spaces: tuple[SpaceRecord, ...] = ()
    labels: dict[str, str] = {}
    options: dict[str, str] = {}
    is_internal: bool = False
    is_attachable: bool = False


@dataclass(frozen=True, slots=True)
class AddressSpace:
    """One subnet of a network (an "IPAM configuration"). `gateway` is the address that leads outside.

    `part` is the range of the subnet that addresses are chosen from, None for all; `reserved` are addresses that no
    container gets, by what they are for; `is_chosen` tells a subnet that somebody named from one of the pools'.
    """

    network: IPNetwork
    gateway: IPAddress
    part: IPNetwork | None = None
    reserved: Mapping[str, IPAddress] = field(default_factory=dict)
    is_chosen: bool = False

    def to_record(self) -> SpaceRecord:
        reserved = {name: str(address) for name, address in self.reserved.items()}
        return SpaceRecord(str(self.network), str(self.gateway), str(self.part or ""), reserved, self.is_chosen)

    @classmethod
    def from_record(cls, record: SpaceRecord) -> "AddressSpace":
        return cls(
            ip_network(record.subnet),
            ip_address(record.gateway),
            ip_network(record.range) if record.range else None,
            {name: ip_address(text) for name, text in record.reserved.items()},
            record.is_chosen,
        )


@dataclass(frozen=True, slots=True)
class Network:
    """One network. `created` is in Unix nanoseconds; host and none have no `spaces`: no addresses of their own.

    `interface` is the host's: the bridge, or what macvlan and ipvlan stand on. `options` are the driver's, as they
    were asked for.
    """

    id: str
    name: str
    driver: str
    created: int = field(default_factory=time.time_ns)
    labels: Mapping[str, str] = field(default_factory=dict)
    interface: str = ""
    spaces: tuple[AddressSpace, ...] = ()
    options: Mapping[str, str] = field(default_factory=dict)
    is_internal: bool = False
    is_attachable: bool = False

    @property
    def plan(self) -> NetworkPlan | None:
        """What the driver must know; None where there is nothing to do for one. The options are checked before
        (`engine.network.options`)."""
        if not self.spaces:
            return None
        return NetworkPlan(
            self.id,
            self.interface,
            tuple(Subnet(space.network, space.gateway) for space in self.spaces),
            int(self.options.get(MTU, "0")),
            self.is_internal,
            is_true(self.options.get(ICC, "true")),
            is_true(self.options.get(MASQUERADE, "true")),
            self.mode,
        )

    @property
    def mode(self) -> str:
        """How its containers stand on the host's interface; empty for a bridge."""
        return self.options.get(MODES[self.driver], MODE_CHOICES[self.driver][0]) if self.driver in MODES else ""

    @property
    def is_predefined(self) -> bool:
        return self.name in PREDEFINED

    @property
    def has_ipv6(self) -> bool:
        return bool(self.spaces_of(6))

    @property
    def has_names(self) -> bool:
        """Do its containers find each other by name? Those of the default bridge do not, as in Docker."""
        return bool(self.spaces) and not self.is_predefined

    @property
    def binding_address(self) -> str:
        """The host's address at which ports are published when the request names none; empty for all."""
        return self.options.get(HOST_BINDING, "")

    @property
    def interface_prefix(self) -> str:
        return self.options.get(INTERFACE_PREFIX, _PREFIX)

    @property
    def is_host(self) -> bool:
        """Do its containers share the host's own namespace (no sandbox)?"""
        return self.driver == "host"

    @property
    def has_macs(self) -> bool:
        """Has each of its containers a MAC? On ipvlan all have their parent's."""
        return self.driver != "ipvlan"

    def spaces_of(self, version: int) -> tuple[AddressSpace, ...]:
        return tuple(space for space in self.spaces if space.network.version == version)

    def is_chosen(self, version: int) -> bool:
        """Did somebody name its subnets of that family?"""
        return any(space.is_chosen for space in self.spaces_of(version))

    def next_hop(self, address: IPAddress) -> IPAddress | None:
        """Where the container at `address` sends what is for the outside; nowhere on an internal network."""
        if self.is_internal:
            return None
        return next((space.gateway for space in self.spaces if address in space.network), None)

    def to_record(self) -> NetworkRecord:
        return NetworkRecord(
            id=self.id,
            name=self.name,
            driver=self.driver,
            created=self.created,
            interface=self.interface,
            spaces=tuple(space.to_record() for space in self.spaces),
            labels=dict(self.labels),
            options=dict(self.options),
            is_internal=self.is_internal,
            is_attachable=self.is_attachable,
        )

    @classmethod
    def from_record(cls, record: NetworkRecord) -> "Network":
        return cls(
            record.id,
            record.name,
            record.driver,
            record.created,
            record.labels,
            record.interface,
            tuple(map(AddressSpace.from_record, record.spaces)),
            record.options,
            record.is_internal,
            record.is_attachable,
        )
