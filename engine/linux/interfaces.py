"""Network interfaces as changes for netlink: bridges, veth pairs, and what stands on another interface."""

from typing import Any, Final

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


def set_port(name: str, *, is_isolated: bool = False) -> Request:
    """Let the bridge send a frame back out of the port that it came from: with br_netfilter, a container that calls its
    own published port is answered inside the bridge. An isolated port reaches the bridge itself, no other such port."""
    data = {"attrs": [("IFLA_BRPORT_MODE", _HAIRPIN_MODE), ("IFLA_BRPORT_ISOLATED", int(is_isolated))]}
    port = {"attrs": [("IFLA_INFO_SLAVE_KIND", "bridge"), ("IFLA_INFO_SLAVE_DATA", data)]}
    attributes = (("IFLA_IFNAME", name), ("IFLA_LINKINFO", port))
    return Request(f"set up bridge port {name}", ifinfmsg, RTM_NEWLINK, attributes=attributes)


def add_macvlan(name: str, *, parent: int, kind: str, mode: int, mac: str, mtu: int, namespace: int) -> Request:
    """An interface on top of `parent` (an index), made, down, in the namespace of an open descriptor. `kind` is
    `macvlan` or `ipvlan` (which has its parent's MAC); `mode` is the kernel's number of one of the kind's modes."""
    attribute = "IFLA_MACVLAN_MODE" if kind == "macvlan" else "IFLA_IPVLAN_MODE"
    info = [("IFLA_INFO_KIND", kind), ("IFLA_INFO_DATA", {"attrs": [(attribute, mode)]})]
    attributes: list[tuple[str, Any]] = [
        ("IFLA_IFNAME", name),
        ("IFLA_LINK", parent),
        ("IFLA_NET_NS_FD", namespace),
        ("IFLA_LINKINFO", {"attrs": info}),
    ]
    if kind == "macvlan":
        attributes.append(("IFLA_ADDRESS", mac))
    if mtu:
        attributes.append(("IFLA_MTU", mtu))
    return Request(f"add {kind} {name}", ifinfmsg, RTM_NEWLINK, CREATE | EXCLUSIVE, attributes=tuple(attributes))


def add_vlan(name: str, *, parent: int, number: int) -> Request:
    """A sub-interface of `parent` (an index), up: what it sends carries the VLAN's number (802.1Q)."""
    info = [("IFLA_INFO_KIND", "vlan"), ("IFLA_INFO_DATA", {"attrs": [("IFLA_VLAN_ID", number)]})]
    attributes = (("IFLA_IFNAME", name), ("IFLA_LINK", parent), ("IFLA_LINKINFO", {"attrs": info}))
    return Request(f"add VLAN {name}", ifinfmsg, RTM_NEWLINK, CREATE | EXCLUSIVE, _flags(_IFF_UP), attributes)


def add_dummy(name: str) -> Request:
    """An interface that leads nowhere, up."""
    attributes = (("IFLA_IFNAME", name), ("IFLA_LINKINFO", {"attrs": [("IFLA_INFO_KIND", "dummy")]}))
    return Request(f"add dummy {name}", ifinfmsg, RTM_NEWLINK, CREATE | EXCLUSIVE, _flags(_IFF_UP), attributes)


def delete_link(name: str) -> Request:
    """Waits for RCU grace periods (20 to 40 ms)."""
    return Request(f"delete {name}", ifinfmsg, RTM_DELLINK, attributes=(("IFLA_IFNAME", name),))


def mtu_of(route: RouteSocket, index: int) -> int | None:
    """The interface's MTU; None when it is gone."""
    request = Request("list interfaces", ifinfmsg, RTM_GETLINK)
    for message in route.dump(request):
        if message["index"] == index:
            return int(message.get_attr("IFLA_MTU"))
    return None


def kind_and_mac(route: RouteSocket, index: int) -> tuple[str, str] | None:
    """The interface's kind (`bridge`, `veth`, empty for a device) and its MAC; None when it is gone."""
    request = Request("list interfaces", ifinfmsg, RTM_GETLINK)
    for message in route.dump(request):
        if message["index"] == index:
            details = message.get_attr("IFLA_LINKINFO")
            kind = details.get_attr("IFLA_INFO_KIND") if details else None
            return kind or "", message.get_attr("IFLA_ADDRESS") or ""
    return None


def _flags(flags: int) -> dict[str, int]:
    return {"flags": flags, "change": _IFF_UP}
