"""Who may send what on the bridges: a table of the bridge family, as documents.

A container that is root in its namespace can put any sender's address into a frame. On the host's end of each link only
IPv4, ARP and (where the link has some) IPv6 pass, and only what names the link's own MAC and one of its addresses as
the sender: no container speaks for a neighbour, for the gateway, or for somebody outside.

IPv6 asks for more, as who says what is in the packet: an advertisement of a neighbour must be about an address of the
sender's own (each link with IPv6 has a chain that knows them), and nobody is a router (CVE-2020-13401).
"""

from collections.abc import Mapping
from ipaddress import IPv6Address
from typing import Any, Final

from engine.linux.inet import IPAddress, link_local
from engine.linux.nft import Document
from engine.networkdriver.driver import Link

FAMILY: Final = "bridge"
CHAINS: Final = ("senders",)

_LINKS: Final = {4: "links", 6: "links_six"}
_ADDRESS: Final = {4: "ipv4_addr", 6: "ipv6_addr"}
_ADVERTISERS: Final = "advertisers"
#: Where the address that it is about stands in a neighbour's advertisement (RFC 4861, 4.4): bits, from ICMPv6's start.
_TARGET: Final = {"payload": {"base": "th", "offset": 64, "len": 128}}
_ROUTERS_WORDS: Final = ("nd-router-advert", "nd-redirect")


def table(name: str, interfaces: str, links: Mapping[str, Link]) -> list[Document]:
    """Replace the table by one that admits exactly `links`, by the names of their interfaces on the host.

    `interfaces` is the pattern (`pv*`) of the interfaces that it is about; other bridges' ports are let be.
    """
    return [
        *remove_table(name),
        {"add": {"table": {"family": FAMILY, "name": name}}},
        *(
            {
                "add": {
                    "set": {**_in(name), "name": _LINKS[version], "type": ["ifname", "ether_addr", _ADDRESS[version]]}
                }
            }
            for version in (4, 6)
        ),
        {"add": {"map": {**_in(name), "name": _ADVERTISERS, "type": "ifname", "map": "verdict"}}},
        *_rules(name, interfaces),
        *(each for interface, link in links.items() for each in admit(name, interface, link)),
    ]


def remove_table(name: str) -> list[Document]:
    """Delete the table; one that is not there is no error."""
    own = {"family": FAMILY, "name": name}
    return [{"add": {"table": own}}, {"delete": {"table": own}}]


def admit(name: str, interface: str, link: Link) -> list[Document]:
    """What `link` sends from its own addresses passes from now on."""
    elements = [{"add": {"element": each}} for each in _elements(name, interface, link)]
    return [*elements, *(_admit_advertisements(name, interface, link) if link.of_version(6) else ())]


def dismiss(name: str, interface: str, link: Link) -> list[Document]:
    """Undo `admit`; an element that is not there fails the transaction."""
    elements: list[Document] = [{"delete": {"element": each}} for each in _elements(name, interface, link)]
    if link.of_version(6):
        chain = {**_in(name), "name": interface}
        jump = {**_in(name), "name": _ADVERTISERS, "elem": [interface]}
        elements += [{"delete": {"element": jump}}, {"flush": {"chain": chain}}, {"delete": {"chain": chain}}]
    return elements


def _rules(name: str, interfaces: str) -> list[Document]:
    hook = {"type": "filter", "hook": "prerouting", "prio": -300, "policy": "accept"}
    is_other = _match({"meta": {"key": "iifname"}}, interfaces, "!=")
    kind = _payload("icmpv6", "type")
    mine = {"vmap": {"key": {"meta": {"key": "iifname"}}, "data": f"@{_ADVERTISERS}"}}
    return [
        {"add": {"chain": {**_in(name), "name": CHAINS[0], **hook}}},
        _rule(name, is_other, {"accept": None}),
        _rule(name, _is_of_link(4, "ether", "saddr", "ip", "saddr"), {"accept": None}),
        _rule(
            name,
            _is_of_link(4, "ether", "saddr", "arp", "saddr ip"),
            _is_of_link(4, "arp", "saddr ether", "arp", "saddr ip"),
            {"accept": None},
        ),
        _rule(name, _match(kind, {"set": list(_ROUTERS_WORDS)}), {"drop": None}),
        _rule(name, _match(kind, "nd-neighbor-advert"), mine),
        _rule(name, _is_of_link(6, "ether", "saddr", "ip6", "saddr"), {"accept": None}),
        _rule(name, {"drop": None}),
    ]


def _admit_advertisements(name: str, interface: str, link: Link) -> list[Document]:
    """A chain that comes back from an advertisement of an address of the link's own, and drops any other."""
    targets = [f"0x{int(address):032x}" for address in _addresses(link)[6]]
    jump = {"elem": [[interface, {"jump": {"target": interface}}]]}
    return [
        {"add": {"chain": {**_in(name), "name": interface}}},
        *(_rule(name, _match(_TARGET, target), {"return": None}, chain=interface) for target in targets),
        _rule(name, {"drop": None}, chain=interface),
        {"add": {"element": {**_in(name), "name": _ADVERTISERS, **jump}}},
    ]


def _elements(name: str, interface: str, link: Link) -> list[dict[str, Any]]:
    return [
        {**_in(name), "name": _LINKS[version], "elem": [{"concat": [interface, link.mac, str(each)]} for each in own]}
        for version, own in _addresses(link).items()
        if own
    ]


def _addresses(link: Link) -> dict[int, list[IPAddress]]:
    """All by family, with the one that an interface with IPv6 gives itself."""
    found: dict[int, list[IPAddress]] = {version: [each.ip for each in link.of_version(version)] for version in (4, 6)}
    own: IPv6Address = link_local(link.mac)
    if found[6] and own not in found[6]:
        found[6].append(own)
    return found


def _is_of_link(version: int, mac_protocol: str, mac: str, address_protocol: str, address: str) -> Document:
    key = [{"meta": {"key": "iifname"}}, _payload(mac_protocol, mac), _payload(address_protocol, address)]
    return _match({"concat": key}, f"@{_LINKS[version]}")


def _payload(protocol: str, field: str) -> Document:
    return {"payload": {"protocol": protocol, "field": field}}


def _match(left: Document, right: Any, operator: str = "==") -> Document:
    return {"match": {"op": operator, "left": left, "right": right}}


def _rule(name: str, *expressions: Document, chain: str = CHAINS[0]) -> Document:
    return {"add": {"rule": {**_in(name), "chain": chain, "expr": list(expressions)}}}


def _in(name: str) -> dict[str, Any]:
    return {"family": FAMILY, "table": name}
