"""Networks and endpoints as values, and as the records that outlive the engine."""

import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from ipaddress import IPv4Address, IPv4Interface, IPv4Network
from pathlib import Path
from typing import Final

import msgspec

from engine.networkdriver.driver import Link, NetworkPlan, PublishedPort

#: The networks that every engine has: name and driver, as Docker lists them.
PREDEFINED: Final[Mapping[str, str]] = {"bridge": "bridge", "host": "host", "none": "null"}
#: Docker's words for the bridge driver's options.
BRIDGE_NAME: Final = "com.docker.network.bridge.name"
ICC: Final = "com.docker.network.bridge.enable_icc"
MASQUERADE: Final = "com.docker.network.bridge.enable_ip_masquerade"
HOST_BINDING: Final = "com.docker.network.bridge.host_binding_ipv4"
MTU: Final = "com.docker.network.driver.mtu"
TRUTH: Final[Mapping[str, bool]] = {
    **dict.fromkeys(("1", "t", "T", "true", "TRUE", "True"), True),
    **dict.fromkeys(("0", "f", "F", "false", "FALSE", "False"), False),
}


class NetworkRecord(msgspec.Struct, frozen=True):
    """A network on disk. `subnet` is empty for networks without addresses of their own (host, none)."""

    id: str
    name: str
    driver: str
    created: int
    interface: str = ""
    subnet: str = ""
    labels: dict[str, str] = {}
    gateway: str = ""
    range: str = ""
    reserved: dict[str, str] = {}
    options: dict[str, str] = {}
    is_internal: bool = False
    is_attachable: bool = False
    is_subnet_chosen: bool = False


class EndpointRecord(msgspec.Struct, frozen=True):
    """An endpoint on disk: written before anything of it exists in the kernel, deleted when nothing does."""

    endpoint_id: str
    container_id: str
    name: str
    network_id: str
    mac: str = ""
    address: str = ""
    ports: tuple[PublishedPort, ...] = ()
    interface: str = "eth0"
    is_gateway: bool = True
    priority: int = 0
    names: tuple[str, ...] = ()
    links: dict[str, str] = {}


@dataclass(frozen=True, slots=True)
class Network:
    """One network. `created` is in Unix nanoseconds; `plan` is None for host and none, which have no addresses.

    `range` is the part of the subnet that addresses are chosen from, None for all; `reserved` are addresses that no
    container gets, by what they are for; `is_subnet_chosen` tells a subnet that somebody named from one of the pools'.
    `options` are the driver's, as they were asked for.
    """

    id: str
    name: str
    driver: str
    created: int = field(default_factory=time.time_ns)
    labels: Mapping[str, str] = field(default_factory=dict)
    plan: NetworkPlan | None = None
    range: IPv4Network | None = None
    reserved: Mapping[str, IPv4Address] = field(default_factory=dict)
    options: Mapping[str, str] = field(default_factory=dict)
    is_attachable: bool = False
    is_subnet_chosen: bool = False

    @property
    def is_predefined(self) -> bool:
        return self.name in PREDEFINED

    @property
    def has_names(self) -> bool:
        """Do its containers find each other by name? Those of the default bridge do not, as in Docker."""
        return self.plan is not None and not self.is_predefined

    @property
    def binding_address(self) -> str:
        """The host's address at which ports are published when the request names none; empty for all."""
        return self.options.get(HOST_BINDING, "")

    @property
    def is_host(self) -> bool:
        """Do its containers share the host's own namespace (no sandbox)?"""
        return self.driver == "host"

    def to_record(self) -> NetworkRecord:
        plan = self.plan
        return NetworkRecord(
            id=self.id,
            name=self.name,
            driver=self.driver,
            created=self.created,
            interface=plan.interface if plan else "",
            subnet=str(plan.subnet) if plan else "",
            labels=dict(self.labels),
            gateway=str(plan.gateway) if plan else "",
            range=str(self.range or ""),
            reserved={name: str(address) for name, address in self.reserved.items()},
            options=dict(self.options),
            is_internal=plan.is_internal if plan else False,
            is_attachable=self.is_attachable,
            is_subnet_chosen=self.is_subnet_chosen,
        )

    @classmethod
    def from_record(cls, record: NetworkRecord) -> "Network":
        return cls(
            record.id,
            record.name,
            record.driver,
            record.created,
            record.labels,
            _plan_of(record) if record.subnet else None,
            IPv4Network(record.range) if record.range else None,
            {name: IPv4Address(text) for name, text in record.reserved.items()},
            record.options,
            record.is_attachable,
            record.is_subnet_chosen,
        )


@dataclass(frozen=True, slots=True)
class Endpoint:
    """One container's place on one network.

    `mac` is empty, `address` and `gateway` are None on host and none; an internal network has no gateway either.
    `is_gateway` says that the container's default route goes here, and that its ports are published here. `priority` is
    its claim to that. `names` are those under which others on the network find it, lower case; `links` are names that
    only this container knows others by: its own word → a name on the network. `sandbox` is the path of the
    container's network namespace, None while it has none of its own.
    """

    container_id: str
    name: str
    network_id: str
    network_name: str
    endpoint_id: str
    mac: str = ""
    address: IPv4Interface | None = None
    gateway: IPv4Address | None = None
    ports: tuple[PublishedPort, ...] = ()
    sandbox: Path | None = None
    interface: str = "eth0"
    is_gateway: bool = False
    priority: int = 0
    names: tuple[str, ...] = ()
    links: Mapping[str, str] = field(default_factory=dict)

    def to_record(self) -> EndpointRecord:
        return EndpointRecord(
            endpoint_id=self.endpoint_id,
            container_id=self.container_id,
            name=self.name,
            network_id=self.network_id,
            mac=self.mac,
            address=str(self.address or ""),
            ports=self.ports,
            interface=self.interface,
            is_gateway=self.is_gateway,
            priority=self.priority,
            names=self.names,
            links=dict(self.links),
        )

    @classmethod
    def from_record(cls, record: EndpointRecord, network: Network, sandbox: Path | None) -> "Endpoint":
        return cls(
            container_id=record.container_id,
            name=record.name,
            network_id=record.network_id,
            network_name=network.name,
            endpoint_id=record.endpoint_id,
            mac=record.mac,
            address=IPv4Interface(record.address) if record.address else None,
            gateway=next_hop(network),
            ports=record.ports,
            sandbox=sandbox,
            interface=record.interface,
            is_gateway=record.is_gateway and next_hop(network) is not None,
            priority=record.priority,
            names=record.names,
            links=record.links,
        )

    @property
    def link(self) -> Link:
        """What the driver must know; only for an endpoint with an address."""
        assert self.address is not None  # noqa: S101  # for mypy: the service asks only where there is a plan
        gateway = self.gateway if self.is_gateway else None
        return Link(self.endpoint_id, self.mac, self.address, gateway, self.ports, self.interface)


def next_hop(network: Network) -> IPv4Address | None:
    """Where containers send what is for the outside: to the bridge itself; nowhere on an internal network."""
    return None if network.plan is None or network.plan.is_internal else network.plan.gateway


def make_plan(
    network_id: str,
    interface: str,
    subnet: IPv4Network,
    gateway: IPv4Address | None = None,
    options: Mapping[str, str] | None = None,
    *,
    is_internal: bool = False,
) -> NetworkPlan:
    """A network whose gateway, the bridge itself, is the first address of its subnet unless another is named.

    `options` are checked before (`engine.network.creation`).
    """
    said = options or {}
    return NetworkPlan(
        network_id,
        interface,
        subnet,
        gateway or subnet.network_address + 1,
        int(said.get(MTU, "0")),
        is_internal,
        is_true(said.get(ICC, "true")),
        is_true(said.get(MASQUERADE, "true")),
    )


def is_true(text: str) -> bool:
    """One of the words that Go's strconv.ParseBool takes for true; `TRUTH` has all that are words at all."""
    return TRUTH[text]


def _plan_of(record: NetworkRecord) -> NetworkPlan:
    gateway = IPv4Address(record.gateway) if record.gateway else None
    return make_plan(
        record.id, record.interface, IPv4Network(record.subnet), gateway, record.options, is_internal=record.is_internal
    )
