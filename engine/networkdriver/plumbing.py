"""Bridges and veth pairs in the kernel. Every function blocks, and speaks to its thread's network namespace.

Raises OSError with what was being done.
"""

import errno
import os
from collections.abc import Callable, Collection, Iterable
from contextlib import suppress
from pathlib import Path
from typing import Final

from engine.linux import addressing, interfaces, syscalls
from engine.linux.inet import IPNetwork, interface_of
from engine.linux.netlink import RouteSocket, index_of, links
from engine.networkdriver.driver import Link, NetworkPlan, mac_of
from engine.networkdriver.sysctls import enable_forwarding, enable_ipv6, set_value

STANDARD_MTU: Final = 1500


def build_bridge(plan: NetworkPlan, *, may_replace: bool) -> int:
    """Make the bridge stand with its gateway address, and the host forward for it; returns the MTU of its links.

    An interface of that name which is not this bridge is an error, unless the name can be nobody else's
    (`may_replace`): then it is what is left of an instance whose state was deleted, and goes.
    """
    addresses = [interface_of(subnet.gateway, subnet.network.prefixlen) for subnet in plan.subnets]
    with RouteSocket() as route:
        mtu = plan.mtu or _uplink_mtu(route)
        _check_own(route, plan, may_replace=may_replace)
        if index_of(plan.interface) is None:
            route.transact(interfaces.add_bridge(plan.interface, _bridge_mac(plan), mtu))
        index = existing(plan.interface)
        _prepare_host(route, plan)
        placed = [addressing.add_address(index, address, at_once=True) for address in addresses]
        route.transact(interfaces.set_up(index), *placed)
    return mtu


def plug(plan: NetworkPlan, link: Link, name: str, sandbox: Path, mtu: int) -> None:
    """Join the sandbox to the bridge, interface `name` on the host's side. The thread stays in the sandbox: end it.

    A failure leaves no interface behind.
    """
    descriptor = os.open(sandbox, os.O_RDONLY | os.O_CLOEXEC)
    try:
        with RouteSocket() as host:
            pair = interfaces.add_veth(
                name,
                bridge=existing(plan.interface),
                mtu=mtu,
                peer=link.interface,
                peer_mac=link.mac,
                peer_namespace=descriptor,
            )
            host.transact(pair)
            try:
                host.transact(interfaces.set_port(name, is_isolated=not plan.has_icc))
                syscalls.setns(descriptor, syscalls.CLONE_NEWNET)
                configure_inside(link)
            except BaseException:
                host.transact(interfaces.delete_link(name))
                raise
    finally:
        os.close(descriptor)


def rejoin(plan: NetworkPlan, names: Iterable[str]) -> None:
    """Make the bridge anew that somebody deleted, and join to it the links of these names; one that is gone is let
    go."""
    build_bridge(plan, may_replace=False)
    with RouteSocket() as route:
        bridge = existing(plan.interface)
        for name in names:
            port = interfaces.set_port(name, is_isolated=not plan.has_icc)
            _forgive_absence(lambda name=name, port=port: route.transact(interfaces.join(name, bridge), port))  # type: ignore[misc]


def reroute(link: Link, sandbox: Path) -> None:
    """Make the sandbox's default routes those that `link` claims, if any. The thread stays in the sandbox."""
    if not link.gateways:
        return
    descriptor = os.open(sandbox, os.O_RDONLY | os.O_CLOEXEC)
    try:
        syscalls.setns(descriptor, syscalls.CLONE_NEWNET)
    finally:
        os.close(descriptor)
    with RouteSocket() as inner:
        index = existing(link.interface)
        inner.transact(*(addressing.set_default_route(index, gateway, gateway.version) for gateway in link.gateways))


def unplug(name: str) -> None:
    """Cut the link off at once; the pair itself goes with the sandbox. Nothing of that name is no error."""
    with RouteSocket() as route:
        _forgive_absence(lambda: route.transact(interfaces.set_down(name)))


def remove(name: str) -> None:
    """Delete an interface; one that is gone is no error. Waits for the kernel (20 to 40 ms)."""
    with RouteSocket() as route:
        _forgive_absence(lambda: route.transact(interfaces.delete_link(name)))


def remove_bridge(plan: NetworkPlan) -> None:
    """The same for a network's bridge; another interface of its name stays."""
    with RouteSocket() as route:
        is_own = _is_own(route, plan)
    if is_own:
        remove(plan.interface)


def sweep(prefix: str, keep: Collection[str]) -> None:
    """Remove every interface whose name starts with `prefix`, those in `keep` excepted."""
    for _, name in links():
        if name.startswith(prefix) and name not in keep:
            remove(name)


def taken_networks(is_own: Callable[[str], bool]) -> list[IPNetwork]:
    """What the host routes and has addresses in, without the interfaces whose names are our own."""
    own = {index for index, name in links() if is_own(name)}
    found: list[IPNetwork] = []
    with RouteSocket() as route:
        for version in (4, 6):
            found += [entry.destination for entry in addressing.routes(route, version) if entry.index not in own]
            found += [each.network for index, each in addressing.addresses(route, version) if index not in own]
    return found


def configure_inside(link: Link) -> None:
    """Addresses and default routes, in the sandbox.

    An IPv4 address comes before the link goes up, as the kernel announces
    (arp_notify) what it has at that moment: a neighbour that knows the address with an older MAC learns better. One of
    IPv6 comes after, and is announced (ndisc_notify) when it comes.
    """
    set_value(f"net/ipv4/conf/{link.interface}/arp_notify", "1")
    if link.of_version(6):
        enable_ipv6(link.interface)
    with RouteSocket() as inner:
        index = existing(link.interface)
        inner.transact(
            *(addressing.add_address(index, address) for address in link.of_version(4)),
            interfaces.set_up(index),
            *(addressing.add_address(index, address) for address in link.of_version(6)),
            *(addressing.set_default_route(index, each, each.version) for each in link.gateways),
        )
    for path, value in link.sysctls:
        set_value(path, value)


def existing(name: str) -> int:
    """The index of the interface of that name; raises OSError where there is none."""
    index = index_of(name)
    if index is None:
        raise OSError(errno.ENODEV, os.strerror(errno.ENODEV), name)
    return index


def _check_own(route: RouteSocket, plan: NetworkPlan, *, may_replace: bool) -> None:
    if index_of(plan.interface) is None or _is_own(route, plan):
        return
    if not may_replace:
        raise OSError(errno.EEXIST, "the host has another interface of that name", plan.interface)
    route.transact(interfaces.delete_link(plan.interface))


def _is_own(route: RouteSocket, plan: NetworkPlan) -> bool:
    """The bridge is known by its kind and the MAC that it was made with, which follows from its address."""
    index = index_of(plan.interface)
    return index is not None and interfaces.kind_and_mac(route, index) == ("bridge", _bridge_mac(plan))


def _bridge_mac(plan: NetworkPlan) -> str:
    return mac_of(plan.subnets[0].gateway)


def _prepare_host(route: RouteSocket, plan: NetworkPlan) -> None:
    """Forwarding; the host's loopback may be answered by the bridge (the table's `guard` chain closes what that opens);
    IPv6 on the bridge only where the network has some, and never what a container says of routes (CVE-2020-13401)."""
    enable_forwarding(4)
    set_value(f"net/ipv4/conf/{plan.interface}/route_localnet", "1")
    if plan.has_ipv6:
        enable_forwarding(6, uplinks=_uplinks(route))
        enable_ipv6(plan.interface)
        return
    with suppress(FileNotFoundError):  # a kernel without IPv6
        set_value(f"net/ipv6/conf/{plan.interface}/disable_ipv6", "1")


def _uplinks(route: RouteSocket) -> list[str]:
    """The interfaces that have a default route of IPv6."""
    leading = {entry.index for entry in addressing.routes(route, 6) if not entry.destination.prefixlen}
    return [name for index, name in links() if index in leading]


def _uplink_mtu(route: RouteSocket) -> int:
    """The default route's MTU, so that what a container sends need not be cut or refused on the way out."""
    for entry in addressing.routes(route):
        if not entry.destination.prefixlen and entry.index:
            return min(interfaces.mtu_of(route, entry.index) or STANDARD_MTU, STANDARD_MTU)
    return STANDARD_MTU


def _forgive_absence(work: Callable[[], None]) -> None:
    try:
        work()
    except OSError as error:
        if error.errno != errno.ENODEV:
            raise
