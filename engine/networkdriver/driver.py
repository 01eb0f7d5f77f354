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
    detach(plan, link)       nothing reaches the container any more, and its address and ports may be given away.
                             `at_once`: its interface is gone too, for the sandbox lives on.
    close(plan)              the network leaves the kernel; said only when it has no links.
    stop()                   the driver's tasks and handles end; what stands in the kernel stays.

Rules
-----
- `open`, `detach` and `close` are idempotent. A failed `attach` or first `open` leaves nothing behind.
- From one network nothing reaches another's containers, published ports excepted; from an `is_internal` one nothing
  leaves at all. Without `has_icc` its containers do not reach each other; by published ports they do, where the
  host's kernel does not filter within bridges (br_netfilter).
- A packet whose sender's address is not its link's is dropped.
- A published port is reachable only after its link stands, and never after `detach` has returned.
- The sandbox is the caller's: a driver neither makes nor deletes it.
- The driver keeps its networks whole while it is open: when another program removes its rules, or forbids what they
  allow, it puts that right without being asked.
- Everything that a driver makes carries the instance's name, so that the next `open` finds it.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Interface, IPv4Network
from pathlib import Path
from typing import Protocol


@dataclass(frozen=True, slots=True)
class PublishedPort:
    """One port of a container that the host answers on. `host_ip` is `0.0.0.0` for all of the host's addresses."""

    container_port: int
    protocol: str
    host_ip: str
    host_port: int


@dataclass(frozen=True, slots=True)
class NetworkPlan:
    """What the kernel must know of a network. `mtu` 0 means: that of the host's default route, 1500 at most.

    `has_icc`: its containers reach each other; `is_masqueraded`: they reach the outside at the host's address.
    """

    network_id: str
    interface: str
    subnet: IPv4Network
    gateway: IPv4Address
    mtu: int = 0
    is_internal: bool = False
    has_icc: bool = True
    is_masqueraded: bool = True


@dataclass(frozen=True, slots=True)
class Link:
    """What the kernel must know of one container on one network.

    `gateway` is the next hop of the container's default route, None where that goes by another link or there is none.
    `interface` is what the container calls it.
    """

    endpoint_id: str
    mac: str
    address: IPv4Interface
    gateway: IPv4Address | None
    ports: tuple[PublishedPort, ...] = ()
    interface: str = "eth0"


class NetworkDriver(Protocol):
    """See the module's text for the lifecycle and the rules. Every method raises EngineError with what failed."""

    name: str

    async def taken_networks(self) -> list[IPv4Network]:
        """The networks that the host routes or has addresses in, this driver's own excepted."""
        ...

    async def sweep(self, links: Sequence[Link]) -> None: ...

    async def check_name(self, interface: str) -> None:
        """Raises Conflict when the host has an interface of that name."""
        ...

    async def open(self, plan: NetworkPlan, links: Sequence[Link]) -> None: ...

    async def attach(self, plan: NetworkPlan, link: Link, sandbox: Path) -> None: ...

    async def update(self, plan: NetworkPlan, link: Link, sandbox: Path) -> None: ...

    async def detach(self, plan: NetworkPlan, link: Link, *, at_once: bool = False) -> None: ...

    async def close(self, plan: NetworkPlan) -> None: ...

    async def stop(self) -> None: ...


def mac_of(address: IPv4Address) -> str:
    """The MAC that goes with an address, 02:42 and its four bytes as in Docker: a fixed pair fits every ARP cache."""
    return ":".join(f"{byte:02x}" for byte in (0x02, 0x42, *address.packed))
