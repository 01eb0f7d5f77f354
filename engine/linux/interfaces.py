"""Network interfaces as changes for netlink: bridges, veth pairs, and what stands on another interface."""

import errno
from typing import Any, Final

from pyroute2.netlink import nlmsg
from pyroute2.netlink.rtnl import RTM_DELLINK, RTM_GETLINK, RTM_NEWLINK
from pyroute2.netlink.rtnl.ifinfmsg import ifinfmsg

from engine.linux.netlink import CREATE, EXCLUSIVE, Request, RouteSocket

LOOPBACK_INDEX: Final = 1  # in every namespace

_IFF_UP = 1
_HAIRPIN_MODE = 1


def set_up(index: int) -> Request:
    return Request(f"set up interface {index}", ifinfmsg, RTM_NEWLINK, fields={"index": index, **_flags(_IFF_UP)})


def set_down(name: str) -> Request:
    """Take the interface down: a bridge forgets at once what it learned behind it."""
    return Request(f"set down {name}", ifinfmsg, RTM_NEWLINK, fields=_flags(0), attributes=(("IFLA_IFNAME", name),))


def add_bridge(name: str, mac: str, mtu: int) -> Request:
    """A bridge, up, with a MAC of its own: otherwise it has the lowest of its ports' and changes it with them."""
    return Request(
        f"add bridge {name}",
        ifinfmsg,
        RTM_NEWLINK,
        CREATE | EXCLUSIVE,
        _flags(_IFF_UP),
        (
            ("IFLA_IFNAME", name),
            ("IFLA_MTU", mtu),
            ("IFLA_ADDRESS", mac),
            ("IFLA_LINKINFO", {"attrs": [("IFLA_INFO_KIND", "bridge")]}),
        ),
    )


def add_veth(name: str, *, bridge: int, mtu: int, peer: str, peer_mac: str, peer_namespace: int) -> Request:
    """A veth pair: `name`, up and a port of `bridge` (an index); `peer`, down, in the namespace of an open descriptor.

    The peer can't be set up in the same message: the kernel opens it before the pair is joined, and refuses.
    """
    inside = [
        ("IFLA_IFNAME", peer),
        ("IFLA_MTU", mtu),
        ("IFLA_ADDRESS", peer_mac),
        ("IFLA_NET_NS_FD", peer_namespace),
    ]
    pair = {"attrs": [("VETH_INFO_PEER", {"attrs": inside})]}
    return Request(
        f"add veth {name}",
        ifinfmsg,
        RTM_NEWLINK,
        CREATE | EXCLUSIVE,
        _flags(_IFF_UP),
        (
            ("IFLA_IFNAME", name),
            ("IFLA_MTU", mtu),
            ("IFLA_MASTER", bridge),
            ("IFLA_LINKINFO", {"attrs": [("IFLA_INFO_KIND", "veth"), ("IFLA_INFO_DATA", pair)]}),
        ),
    )


def join(name: str, bridge: int) -> Request:
    """Make the interface a port of `bridge` (an index)."""
    attributes = (("IFLA_IFNAME", name), ("IFLA_MASTER", bridge))
    return Request(f"join {name} to a bridge", ifinfmsg, RTM_NEWLINK, attributes=attributes)


def set_port(name: str, *, is_isolated: bool = False) -> Request:
    """Let the bridge send a frame back out of the port that it came from: with br_netfilter, a container that calls its
    own published port is answered inside the bridge. An isolated port reaches the bridge itself, no other such port."""
    data = {"attrs": [("IFLA_BRPORT_MODE", _HAIRPIN_MODE), ("IFLA_BRPORT_ISOLATED", int(is_isolated))]}
    port = {"attrs": [("IFLA_INFO_SLAVE_KIND", "bridge"), ("IFLA_INFO_SLAVE_DATA", data)]}
    attributes = (("IFLA_IFNAME", name), ("IFLA_LINKINFO", port))
    return Request(f"set up bridge port {name}", ifinfmsg, RTM_NEWLINK, attributes=attributes)


def add_stacked(name: str, *, kind: str, parent: int, mode: int, mac: str, mtu: int, namespace: int) -> Request:
    """An interface on top of `parent` (an index), down, in the namespace of an open descriptor. `kind` is `macvlan`, or
    `ipvlan`, which has its parent's MAC; `mode` is the kernel's number of one of the kind's modes; `mtu` 0 means the
    parent's."""
    attribute = "IFLA_MACVLAN_MODE" if kind == "macvlan" else "IFLA_IPVLAN_MODE"
    more: list[tuple[str, Any]] = [("IFLA_LINK", parent), ("IFLA_NET_NS_FD", namespace)]
    if kind == "macvlan":
        more.append(("IFLA_ADDRESS", mac))
    if mtu:
        more.append(("IFLA_MTU", mtu))
    return _add(name, kind, *more, data={"attrs": [(attribute, mode)]}, flags=0)


def add_vlan(name: str, *, parent: int, number: int, alias: str) -> Request:
    """A sub-interface of `parent` (an index), up: what it sends carries the VLAN's number (802.1Q)."""
    data = {"attrs": [("IFLA_VLAN_ID", number)]}
    return _add(name, "vlan", ("IFLA_LINK", parent), ("IFLA_IFALIAS", alias), data=data)


def add_dummy(name: str, *, alias: str) -> Request:
    """An interface that leads nowhere, up."""
    return _add(name, "dummy", ("IFLA_IFALIAS", alias))


def is_kind_known(route: RouteSocket, kind: str) -> bool:
    """Can the kernel make interfaces of a kind that stands on another one? Asked by a request for one on nothing, which
    it refuses as invalid if it knows the kind."""
    try:
        route.transact(_add("probe", kind))
    except OSError as error:
        return error.errno != errno.EOPNOTSUPP
    raise AssertionError(f"the kernel made a {kind} on nothing")


def delete_link(name: str) -> Request:
    """Waits for RCU grace periods (20 to 40 ms)."""
    return Request(f"delete {name}", ifinfmsg, RTM_DELLINK, attributes=(("IFLA_IFNAME", name),))


def mtu_of(route: RouteSocket, index: int) -> int | None:
    """The interface's MTU; None when it is gone."""
    message = _found(route, index)
    return None if message is None else int(message.get_attr("IFLA_MTU"))


def kind_and_mac(route: RouteSocket, index: int) -> tuple[str, str] | None:
    """The interface's kind (`bridge`, `veth`, empty for a device) and its MAC; None when it is gone."""
    message = _found(route, index)
    if message is None:
        return None
    details = message.get_attr("IFLA_LINKINFO")
    kind = details.get_attr("IFLA_INFO_KIND") if details else None
    return kind or "", message.get_attr("IFLA_ADDRESS") or ""


def alias_of(route: RouteSocket, index: int) -> str:
    """What somebody wrote to the interface; empty for nothing, and when it is gone."""
    message = _found(route, index)
    return "" if message is None else message.get_attr("IFLA_IFALIAS") or ""


def _found(route: RouteSocket, index: int) -> nlmsg | None:
    request = Request("list interfaces", ifinfmsg, RTM_GETLINK)
    return next((message for message in route.dump(request) if message["index"] == index), None)


def _add(name: str, kind: str, *more: tuple[str, Any], data: Any = None, flags: int = _IFF_UP) -> Request:
    info = [("IFLA_INFO_KIND", kind), *([("IFLA_INFO_DATA", data)] if data else ())]
    attributes = (("IFLA_IFNAME", name), *more, ("IFLA_LINKINFO", {"attrs": info}))
    return Request(f"add {kind} {name}", ifinfmsg, RTM_NEWLINK, CREATE | EXCLUSIVE, _flags(flags), attributes)


def _flags(flags: int) -> dict[str, int]:
    return {"flags": flags, "change": _IFF_UP}
