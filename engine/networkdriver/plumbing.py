"""Bridges and veth pairs in the kernel. Every function blocks, and speaks to its thread's network namespace.

Raises OSError with what was being done.
"""

import errno
import os
from collections.abc import Callable, Collection
from contextlib import suppress
from ipaddress import IPv4Interface, IPv4Network
from pathlib import Path
from typing import Final

from engine.linux import netlink, syscalls
from engine.networkdriver.driver import Link, NetworkPlan, mac_of

STANDARD_MTU: Final = 1500

_SYSCTL: Final = Path("/proc/sys/net")


def build_bridge(plan: NetworkPlan, *, may_replace: bool) -> int:
    """Make the bridge stand with its gateway address, and the host forward for it; returns the MTU of its links.

    An interface of that name which is not this bridge is an error, unless the name can be nobody else's
    (`may_replace`): then it is what is left of an instance whose state was deleted, and goes.
    """
    address = IPv4Interface((plan.gateway, plan.subnet.prefixlen))
    with netlink.RouteSocket() as route:
        mtu = plan.mtu or _uplink_mtu(route)
        _check_own(route, plan, may_replace=may_replace)
        if netlink.index_of(plan.interface) is None:
            route.transact(netlink.add_bridge(plan.interface, mac_of(plan.gateway), mtu))
        index = _existing(plan.interface)
        _set_sysctls(plan.interface)
        route.transact(netlink.set_up(index), netlink.add_address(index, address))
    return mtu


def plug(plan: NetworkPlan, link: Link, name: str, sandbox: Path, mtu: int) -> None:
    """Join the sandbox to the bridge, interface `name` on the host's side. The thread stays in the sandbox: end it.

    A failure leaves no interface behind.
    """
    descriptor = os.open(sandbox, os.O_RDONLY | os.O_CLOEXEC)
    try:
        with netlink.RouteSocket() as host:
            pair = netlink.add_veth(
                name,
                bridge=_existing(plan.interface),
                mtu=mtu,
                peer=link.interface,
                peer_mac=link.mac,
                peer_namespace=descriptor,
            )
            host.transact(pair)
            try:
                host.transact(netlink.set_port(name, is_isolated=not plan.has_icc))
                syscalls.setns(descriptor, syscalls.CLONE_NEWNET)
                _configure_inside(link)
            except BaseException:
                host.transact(netlink.delete_link(name))
                raise
    finally:
        os.close(descriptor)


def reroute(link: Link, sandbox: Path) -> None:
    """Make the sandbox's default route the one that `link` says, if it claims it. The thread stays in the sandbox."""
    if link.gateway is None:
        return
    descriptor = os.open(sandbox, os.O_RDONLY | os.O_CLOEXEC)
    try:
        syscalls.setns(descriptor, syscalls.CLONE_NEWNET)
    finally:
        os.close(descriptor)
    with netlink.RouteSocket() as inner:
        inner.transact(netlink.set_default_route(_existing(link.interface), link.gateway))


def unplug(name: str) -> None:
    """Cut the link off at once; the pair itself goes with the sandbox. Nothing of that name is no error."""
    with netlink.RouteSocket() as route:
        _forgive_absence(lambda: route.transact(netlink.set_down(name)))


def remove(name: str) -> None:
    """Delete an interface; one that is gone is no error. Waits for the kernel (20 to 40 ms)."""
    with netlink.RouteSocket() as route:
        _forgive_absence(lambda: route.transact(netlink.delete_link(name)))


def remove_bridge(plan: NetworkPlan) -> None:
    """The same for a network's bridge; another interface of its name stays."""
    with netlink.RouteSocket() as route:
        is_own = _is_own(route, plan)
    if is_own:
        remove(plan.interface)


def sweep(prefix: str, keep: Collection[str]) -> None:
    """Remove every interface whose name starts with `prefix`, those in `keep` excepted."""
    for _, name in netlink.links():
        if name.startswith(prefix) and name not in keep:
            remove(name)


def taken_networks(is_own: Callable[[str], bool]) -> list[IPv4Network]:
    """What the host routes and has addresses in, without the interfaces whose names are our own."""
    own = {index for index, name in netlink.links() if is_own(name)}
    with netlink.RouteSocket() as route:
        routed = [entry.destination for entry in netlink.routes(route) if entry.index not in own]
        addressed = [address.network for index, address in netlink.addresses(route) if index not in own]
    return routed + addressed


def _configure_inside(link: Link) -> None:
    """The address comes before the link goes up, as the kernel announces (arp_notify) what it has at that moment: a
    neighbour that knows the address with an older MAC learns better."""
    _write(_SYSCTL / "ipv4/conf" / link.interface / "arp_notify", "1")
    with netlink.RouteSocket() as inner:
        index = _existing(link.interface)
        changes = [netlink.add_address(index, link.address), netlink.set_up(index)]
        if link.gateway is not None:
            changes.append(netlink.set_default_route(index, link.gateway))
        inner.transact(*changes)


def _check_own(route: netlink.RouteSocket, plan: NetworkPlan, *, may_replace: bool) -> None:
    if netlink.index_of(plan.interface) is None or _is_own(route, plan):
        return
    if not may_replace:
        raise OSError(errno.EEXIST, "the host has another interface of that name", plan.interface)
    route.transact(netlink.delete_link(plan.interface))


def _is_own(route: netlink.RouteSocket, plan: NetworkPlan) -> bool:
    """The bridge is known by its kind and the MAC that it was made with, which follows from its address."""
    index = netlink.index_of(plan.interface)
    return index is not None and netlink.kind_and_mac(route, index) == ("bridge", mac_of(plan.gateway))


def _set_sysctls(bridge: str) -> None:
    """Forwarding; the host's loopback may be answered by the bridge (the table's `guard` chain closes what that opens);
    no IPv6 on the bridge, so that no container reaches, or advertises routes to, the host by it (CVE-2020-13401)."""
    _write(_SYSCTL / "ipv4/ip_forward", "1")
    _write(_SYSCTL / "ipv4/conf" / bridge / "route_localnet", "1")
    with suppress(FileNotFoundError):  # a kernel without IPv6
        _write(_SYSCTL / "ipv6/conf" / bridge / "disable_ipv6", "1")


def _write(path: Path, value: str) -> None:
    """Set a kernel setting, unless it is so already: on some hosts /proc/sys is read-only and prepared by others."""
    if path.read_text().strip() != value:
        path.write_text(value)


def _uplink_mtu(route: netlink.RouteSocket) -> int:
    """The default route's MTU, so that what a container sends need not be cut or refused on the way out."""
    for entry in netlink.routes(route):
        if not entry.destination.prefixlen and entry.index:
            return min(netlink.mtu_of(route, entry.index) or STANDARD_MTU, STANDARD_MTU)
    return STANDARD_MTU


def _existing(name: str) -> int:
    index = netlink.index_of(name)
    if index is None:
        raise OSError(errno.ENODEV, os.strerror(errno.ENODEV), name)
    return index


def _forgive_absence(work: Callable[[], None]) -> None:
    try:
        work()
    except OSError as error:
        if error.errno != errno.ENODEV:
            raise
