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


class NetworkRecord(msgspec.Struct, frozen=True):
    """A network on disk. `subnet` is empty for networks without addresses of their own (host, none)."""

    id: str
    name: str
    driver: str
    created: int
    interface: str = ""
    subnet: str = ""
    labels: dict[str, str] = {}


class EndpointRecord(msgspec.Struct, frozen=True):
    """An endpoint on disk: written before anything of it exists in the kernel, deleted when nothing does."""

    endpoint_id: str
    container_id: str
    name: str
    network_id: str
    mac: str = ""
    address: str = ""
    ports: tuple[PublishedPort, ...] = ()


@dataclass(frozen=True, slots=True)
class Network:
    """One network. `created` is in Unix nanoseconds; `plan` is None for host and none, which have no addresses."""

    id: str
    name: str
    driver: str
    created: int = field(default_factory=time.time_ns)
    labels: Mapping[str, str] = field(default_factory=dict)
    plan: NetworkPlan | None = None

    @property
    def is_predefined(self) -> bool:
        return self.name in PREDEFINED

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
        )

    @classmethod
    def from_record(cls, record: NetworkRecord) -> "Network":
        plan = make_plan(record.id, record.interface, IPv4Network(record.subnet)) if record.subnet else None
        return cls(record.id, record.name, record.driver, record.created, record.labels, plan)


@dataclass(frozen=True, slots=True)
class Endpoint:
    """One container's place on one network.

    `mac` is empty, `address` and `gateway` are None on host and none. `sandbox` is the path of the container's
    network namespace, None while it has none of its own.
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

    def to_record(self) -> EndpointRecord:
        return EndpointRecord(
            endpoint_id=self.endpoint_id,
            container_id=self.container_id,
            name=self.name,
            network_id=self.network_id,
            mac=self.mac,
            address=str(self.address or ""),
            ports=self.ports,
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
            gateway=network.plan.gateway if network.plan else None,
            ports=record.ports,
            sandbox=sandbox,
        )

    @property
    def link(self) -> Link:
        """What the driver must know; only for an endpoint with an address."""
        assert self.address is not None  # noqa: S101  # for mypy: the service asks only where there is a plan
        assert self.gateway is not None  # noqa: S101
        return Link(self.endpoint_id, self.mac, self.address, self.gateway, self.ports)


def make_plan(network_id: str, interface: str, subnet: IPv4Network) -> NetworkPlan:
    """A network whose gateway, the bridge itself, is the first address of its subnet."""
    return NetworkPlan(network_id, interface, subnet, subnet.network_address + 1)
