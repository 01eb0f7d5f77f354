"""Our nftables table, as documents: a pure function of the networks and their links. It holds both families' rules.

    guard        what claims to be loopback must not come in by a bridge (CVE-2020-8558): `route_localnet`, which lets
                 the host's loopback reach published ports, would let it through. (IPv6 has no such setting: the kernel
                 itself drops what comes from outside to ::1.)
    prerouting,  packets to one of the host's own addresses: a published port's are sent to its container
    output
    postrouting  what leaves a subnet takes the host's address; so does what would come back past us otherwise: a
                 container that calls the host's port of another (or its own), and the host's loopback
    forward      from an internal bridge nothing leaves, and to it nothing comes. To another: answers, neighbours, and
                 what `prerouting` sent there. The rest, other bridges' packets too, is dropped, so a host that routes
                 to our subnet reaches published ports only

Who may send what is said in a table of the bridges' own (`engine.networkdriver.senders`).

A port is one element in two maps (its container's address and port), so a packet's way is as long with two hundred
ports as with one. The maps of `named` ports, published on one of the host's addresses, are asked first. (A single map
with both values would do, but libnftables 1.0.6 crashes on its JSON.) For IPv6 there are four more.

What the host itself sends to a TCP port at ::1 is let be: an answer from a bridge to ::1 is dropped by the kernel, so
the engine relays it (`engine.network.relay`).
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from engine.linux.inet import ANY, IPNetwork
from engine.linux.nft import Document
from engine.networkdriver.driver import Link, NetworkPlan, PublishedPort

FAMILY: Final = "inet"
#: Every chain of the table; where one is missing somebody flushed or deleted it.
CHAINS: Final = ("guard", "ports", "prerouting", "output", "postrouting", "forward")

Expression = dict[str, Any]


@dataclass(frozen=True, slots=True)
class _Family:
    """What the rules of one family differ in. `maps` begins the names of its maps."""

    version: int
    protocol: str
    nfproto: str
    address_type: str
    loopback: Any
    maps: str = ""


_FAMILIES: Final = (
    _Family(4, "ip", "ipv4", "ipv4_addr", {"prefix": {"addr": "127.0.0.0", "len": 8}}),
    _Family(6, "ip6", "ipv6", "ipv6_addr", "::1", maps="six_"),
)


def table(name: str, networks: Mapping[NetworkPlan, Iterable[Link]]) -> list[Document]:
    """Replace the table by one that holds exactly these networks and ports, in one transaction."""
    own = {"family": FAMILY, "name": name}
    return [
        {"add": {"table": own}},  # so that the delete never fails
        {"delete": {"table": own}},
        {"add": {"table": own}},
        *(each for family in _FAMILIES for each in _maps(name, family)),
        *_chains(name),
        *(rule for plan in networks if plan.is_internal for rule in _internal_rules(name, plan)),
        *(rule for plan in networks for rule in _network_rules(name, plan)),
        *_port_rules(name),
        *(element for links in networks.values() for link in links for element in publish(name, link)),
    ]


def remove_table(name: str) -> list[Document]:
    """Delete the table; one that is not there is no error."""
    own = {"family": FAMILY, "name": name}
    return [{"add": {"table": own}}, {"delete": {"table": own}}]


def publish(name: str, link: Link) -> list[Document]:
    """Send the link's ports on to its container."""
    return _elements("add", name, link)


def withdraw(name: str, link: Link) -> list[Document]:
    """Undo `publish`; an element that is not there fails the transaction."""
    return _elements("delete", name, link)


def is_complete(name: str, listing: Iterable[Document], also: Iterable[str] = ()) -> bool:
    """Are all chains of the table, and those of `also`, in a listing of all chains?"""
    found = {chain["name"] for document in listing if (chain := document.get("chain", {})).get("table") == name}
    return found.issuperset((*CHAINS, *also))


def _elements(action: str, name: str, link: Link) -> list[Document]:
    documents: dict[str, list[Any]] = {}
    for port in link.ports:
        prefix = "any" if port.host_ip == ANY[port.version] else "named"
        maps = next(family.maps for family in _FAMILIES if family.version == port.version)
        values = {"address": str(link.address_of(port.version)), "port": port.container_port}
        for suffix, value in values.items():
            key = {"concat": _key_values(port)}
            documents.setdefault(f"{maps}{prefix}_{suffix}", []).append([key, value] if action == "add" else key)
    return [
        {action: {"element": {"family": FAMILY, "table": name, "name": map_name, "elem": elements}}}
        for map_name, elements in documents.items()
    ]


def _key_values(port: PublishedPort) -> list[Any]:
    key = [port.protocol, port.host_port]
    return key if port.host_ip == ANY[port.version] else [port.host_ip, *key]


def _maps(name: str, family: _Family) -> list[Document]:
    keys = {"any": ["inet_proto", "inet_service"], "named": [family.address_type, "inet_proto", "inet_service"]}
    values = {"address": family.address_type, "port": "inet_service"}
    return [
        {
            "add": {
                "map": {
                    "family": FAMILY,
                    "table": name,
                    "name": f"{family.maps}{prefix}_{suffix}",
                    "type": key,
                    "map": value,
                }
            }
        }
        for prefix, key in keys.items()
        for suffix, value in values.items()
    ]


def _chains(name: str) -> list[Document]:
    hooks = {
        "guard": ("filter", "prerouting", -300),
        "prerouting": ("nat", "prerouting", -100),
        "output": ("nat", "output", -100),
        "postrouting": ("nat", "postrouting", 100),
        "forward": ("filter", "forward", 0),
    }
    chains: list[Document] = [{"family": FAMILY, "table": name, "name": "ports"}]
    for chain, (kind, hook, priority) in hooks.items():
        base = {"type": kind, "hook": hook, "prio": priority, "policy": "accept"}
        chains.append({"family": FAMILY, "table": name, "name": chain, **base})
    return [{"add": {"chain": chain}} for chain in chains]


def _port_rules(name: str) -> list[Document]:
    to_host = _match({"fib": {"result": "type", "flags": ["daddr"]}}, "local")
    by_relay = [_match(_payload("ip6", "daddr"), "::1"), _match(_meta("l4proto"), "tcp")]
    return [
        *(rule for family in _FAMILIES for rule in _translations(name, family)),
        _rule(name, "prerouting", to_host, {"jump": {"target": "ports"}}),
        _rule(name, "output", *by_relay, {"accept": None}),
        _rule(name, "output", to_host, {"jump": {"target": "ports"}}),
    ]


def _translations(name: str, family: _Family) -> list[Document]:
    is_family = _match(_meta("nfproto"), family.nfproto)
    key: list[Expression] = [_meta("l4proto"), _payload("th", "dport")]
    return [
        _rule(name, "ports", is_family, _translate(family, "named", [_payload(family.protocol, "daddr"), *key])),
        _rule(name, "ports", is_family, _translate(family, "any", key)),
    ]


def _translate(family: _Family, prefix: str, key: Sequence[Expression]) -> Expression:
    def looked_up(suffix: str) -> Expression:
        return {"map": {"key": {"concat": list(key)}, "data": f"@{family.maps}{prefix}_{suffix}"}}

    return {"dnat": {"family": family.protocol, "addr": looked_up("address"), "port": looked_up("port")}}


def _network_rules(name: str, plan: NetworkPlan) -> list[Document]:
    from_bridge, to_bridge = _match(_meta("iifname"), plan.interface), _match(_meta("oifname"), plan.interface)
    is_answer = _match({"ct": {"key": "state"}}, ["established", "related"], "in")
    neighbours = [_rule(name, "forward", to_bridge, from_bridge, {"accept": None})] if plan.has_icc else []
    return [
        *(
            _rule(name, "guard", from_bridge, _match(_payload("ip", end), _LOOPBACK), _DROP)
            for end in ("saddr", "daddr")
        ),
        *(rule for subnet in plan.subnets for rule in _masquerade_rules(name, plan, subnet.network)),
        _rule(name, "forward", to_bridge, is_answer, {"accept": None}),
        *neighbours,
        _rule(name, "forward", to_bridge, _IS_SENT_ON, {"accept": None}),
        _rule(name, "forward", to_bridge, {"drop": None}),
    ]


def _masquerade_rules(name: str, plan: NetworkPlan, network: IPNetwork) -> list[Document]:
    family = next(each for each in _FAMILIES if each.version == network.version)
    source = _payload(family.protocol, "saddr")
    to_bridge = _match(_meta("oifname"), plan.interface)
    from_subnet = _match(source, {"prefix": {"addr": str(network.network_address), "len": network.prefixlen}})
    leaves = _match(_meta("oifname"), plan.interface, "!=")
    outward = [_rule(name, "postrouting", from_subnet, leaves, _MASQUERADE)] if plan.is_masqueraded else []
    return [
        *outward,
        _rule(name, "postrouting", to_bridge, from_subnet, _IS_SENT_ON, _MASQUERADE),
        _rule(name, "postrouting", to_bridge, _match(source, family.loopback), _MASQUERADE),
    ]


def _internal_rules(name: str, plan: NetworkPlan) -> list[Document]:
    """These come before every other network's, whose published ports they close to this one."""
    return [
        _rule(name, "forward", _match(_meta(here), plan.interface), _match(_meta(there), plan.interface, "!="), _DROP)
        for here, there in (("iifname", "oifname"), ("oifname", "iifname"))
    ]


_LOOPBACK: Final = _FAMILIES[0].loopback
_IS_SENT_ON: Final[Expression] = {"match": {"op": "in", "left": {"ct": {"key": "status"}}, "right": "dnat"}}
_MASQUERADE: Final[Expression] = {"masquerade": None}
_DROP: Final[Expression] = {"drop": None}


def _rule(name: str, chain: str, *expressions: Expression) -> Document:
    return {"add": {"rule": {"family": FAMILY, "table": name, "chain": chain, "expr": list(expressions)}}}


def _match(left: Expression, right: Any, operator: str = "==") -> Expression:
    return {"match": {"op": operator, "left": left, "right": right}}


def _meta(key: str) -> Expression:
    return {"meta": {"key": key}}


def _payload(protocol: str, field: str) -> Expression:
    return {"payload": {"protocol": protocol, "field": field}}
