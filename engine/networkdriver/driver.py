"""What a network driver is: the contract that every kind of network fulfils.

Terms
-----
A *network* is a named place where containers meet; `NetworkPlan` says what of it a driver must know. A *sandbox* is a
network namespace, bind-mounted at a path: a container's whole view of the network. A *link* ties one sandbox to one
network: an interface inside, an address, a default route, and the ports that the host publishes for it.

Lifecycle
---------
    open(plan, links)        the network stands in the kernel with exactly these links' rules. Said once at start for
                             each network, with the links of the containers that outlived the last engine; and for
                             each that is made later.
    sweep(links)             said once at start, before any open: interfaces of other links than these go.
    attach(plan, link, path) the link stands in the sandbox at `path`: when this returns, the container can be started.
    update(plan, link, path) the link's published ports and its claim to the default route are now as `link` says.
    detach(plan, link, path) nothing reaches the container any more, and its address and ports may be given away.
                             `at_once`: its interface is gone too, for the sandbox lives on.
    close(plan)              the network leaves the kernel; said only when it has no links.
    stop()                   the driver's tasks and handles end; what stands in the kernel stays.

Rules
-----
- `open`, `detach` and `close` are idempotent. A failed `attach` or first `open` leaves nothing behind.
- From one network nothing reaches another's containers, published ports excepted; from an `is_internal` one nothing
  leaves at all. Without `has_icc` its containers do not reach each other; by published ports they do, where the
  host's kernel does not filter within bridges (br_netfilter).
- On a bridge, a packet whose sender's address is not its link's is dropped, and so is one that makes its sender a
  router.
- Only a driver that `publishes` is given links with ports. A published port is reachable only after its link stands,
  and never after `detach` has returned.
- The sandbox is the caller's: a driver neither makes nor deletes it.
- The driver keeps its networks whole while it is open: when another program removes its rules, or forbids what they
  allow, it puts that right without being asked.
- Everything that a driver makes carries the instance's name, so that the next `open` finds it.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from engine.linux.inet import IPAddress, IPInterface, IPNetwork


@dataclass(frozen=True, slots=True)
class PublishedPort:
    """One port of a container that the host answers on. `host_ip` is `0.0.0.0` for all of the host's IPv4 addresses,
    `::` for all of its IPv6 addresses."""

    container_port: int
    protocol: str
    host_ip: str
    host_port: int

    @property
    def version(self) -> int:
        """The family of the host's address, and of the container's that it leads to."""
        return 6 if ":" in self.host_ip else 4


@dataclass(frozen=True, slots=True)
class Subnet:
    """A subnet, and the address in it that leads outside: on a bridge network the bridge's own."""

    network: IPNetwork
    gateway: IPAddress


@dataclass(frozen=True, slots=True)
class NetworkPlan:
    """What the kernel must know of a network. `mtu` 0 means: that of the host's default route, 1500 at most.

    `interface` is the bridge; for macvlan and ipvlan what the containers' interfaces stand on, in `mode`.
    `has_icc`: its containers reach each other; `is_masqueraded`: they reach the outside at the host's address.
    """

    network_id: str
    interface: str
    subnets: tuple[Subnet, ...]
    mtu: int = 0
    is_internal: bool = False
    has_icc: bool = True
    is_masqueraded: bool = True
    mode: str = ""

    @property
    def has_ipv6(self) -> bool:
        return any(subnet.network.version == 6 for subnet in self.subnets)


@dataclass(frozen=True, slots=True)
class Link:
    """What the kernel must know of one container on one network.

    `addresses` are the one of IPv4, then that of IPv6 where there is one, then link-local ones. `gateways` are the next
    hops of the container's default routes, one of a family at most: a family's goes by another link, or nowhere.
    `interface` is what the container calls it; `sysctls` are values by files below /proc/sys.
    """

    endpoint_id: str
    mac: str
    addresses: tuple[IPInterface, ...]
    gateways: tuple[IPAddress, ...] = ()
    ports: tuple[PublishedPort, ...] = ()
    interface: str = "eth0"
    sysctls: tuple[tuple[str, str], ...] = ()

    def address_of(self, version: int) -> IPAddress | None:
        """The address of that family by which others reach the container."""
        return next((each.ip for each in self.addresses if each.version == version and not each.is_link_local), None)

    def of_version(self, version: int) -> tuple[IPInterface, ...]:
        return tuple(each for each in self.addresses if each.version == version)


class NetworkDriver(Protocol):
    """See the module's text for the lifecycle and the rules. Every method raises EngineError with what failed."""

    name: str
    publishes: bool

    async def taken_networks(self) -> list[IPNetwork]:
        """The networks that the host routes or has addresses in, this driver's own excepted."""
        ...

    async def sweep(self, links: Sequence[Link]) -> None: ...

    async def check(self, plan: NetworkPlan) -> None:
        """Raises Conflict or NotSupported when the host is such that the network can't be made."""
        ...

    async def open(self, plan: NetworkPlan, links: Sequence[Link]) -> None: ...

    async def attach(self, plan: NetworkPlan, link: Link, sandbox: Path) -> None: ...

    async def update(self, plan: NetworkPlan, link: Link, sandbox: Path) -> None: ...

    async def detach(self, plan: NetworkPlan, link: Link, sandbox: Path, *, at_once: bool = False) -> None: ...

    async def close(self, plan: NetworkPlan) -> None: ...

    async def stop(self) -> None: ...


def mac_of(address: IPAddress) -> str:
    """The MAC that goes with an address, 02:42 and its last four bytes as in Docker: a fixed pair fits what neighbours
    remember."""
    return ":".join(f"{byte:02x}" for byte in (0x02, 0x42, *address.packed[-4:]))
