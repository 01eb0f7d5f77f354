"""What macvlan and ipvlan stand on: an interface of the host's, or one that is made for the network and goes with it.

One that was made is known by its alias, which names the network. Every function blocks, and speaks to its thread's
network namespace; they raise OSError with what was being done, and errors of the engine's for what can't be.
"""

import errno
import re
from typing import Final

from engine.errors import InvalidParameter, NotSupported
from engine.linux import interfaces
from engine.linux.netlink import Request, RouteSocket, index_of
from engine.networkdriver.driver import NetworkPlan

#: Docker's form of an 802.1Q sub-interface's name: the parent's, and the VLAN's number.
_VLAN: Final = re.compile(r"(.+)\.([1-9][0-9]{0,3})")
_HIGHEST_VLAN: Final = 4094
#: How the interface is called that a network without a parent is given.
_DUMMY_PREFIX: Final = "dm-"
#: Why a kind of interface can be unknown, by the name that the kernel's configuration has for it.
_CONFIGURED: Final = {"macvlan": "MACVLAN", "ipvlan": "IPVLAN", "vlan": "VLAN_8021Q", "dummy": "DUMMY"}


def check(plan: NetworkPlan, kind: str) -> None:
    """Raises NotSupported where the kernel lacks the kind of interface, InvalidParameter for a parent that is not
    there and can't be made."""
    with RouteSocket() as route:
        if not interfaces.is_kind_known(route, kind):
            raise _unknown(kind)
    if index_of(plan.interface) is None and not plan.interface.startswith(_DUMMY_PREFIX):
        _vlan_of(plan.interface)


def ensure(plan: NetworkPlan) -> None:
    """Make the parent stand, if it is one that is made; one that stands is left as it is."""
    if index_of(plan.interface) is not None:
        return
    with RouteSocket() as route:
        if plan.interface.startswith(_DUMMY_PREFIX):
            _make(route, "dummy", interfaces.add_dummy(plan.interface, alias=_mark(plan)))
            return
        parent, number = _vlan_of(plan.interface)
        request = interfaces.add_vlan(plan.interface, parent=parent, number=number, alias=_mark(plan))
        _make(route, "vlan", request)


def remove(plan: NetworkPlan) -> None:
    """Delete the parent if it was made for the network."""
    index = index_of(plan.interface)
    with RouteSocket() as route:
        if index is not None and interfaces.alias_of(route, index) == _mark(plan):
            route.transact(interfaces.delete_link(plan.interface))


def _make(route: RouteSocket, kind: str, request: Request) -> None:
    try:
        route.transact(request)
    except OSError as error:
        if error.errno == errno.EOPNOTSUPP:
            raise _unknown(kind) from error
        raise


def _vlan_of(name: str) -> tuple[int, int]:
    """The index of the interface that the VLAN is of, and its number."""
    match = _VLAN.fullmatch(name)
    parent = index_of(match[1]) if match is not None else None
    if match is None or parent is None or int(match[2]) > _HIGHEST_VLAN:
        raise InvalidParameter(
            f"-o parent interface was not found on the host: {name} (nor can it be made: that takes the name of an "
            f"interface, a dot, and a VLAN's number from 1 to {_HIGHEST_VLAN})"
        )
    return parent, int(match[2])


def _mark(plan: NetworkPlan) -> str:
    return f"portside network {plan.network_id}"


def _unknown(kind: str) -> NotSupported:
    return NotSupported(f"the kernel of this host has no interfaces of the kind {kind} (CONFIG_{_CONFIGURED[kind]})")
