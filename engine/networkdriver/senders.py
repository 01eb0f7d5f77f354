"""Who may send what on the bridges: a table of the bridge family, as documents.

A container that is root in its namespace can put any sender's address into a frame. On the host's end of each link only
IPv4 and ARP pass, and only those that name the link's own MAC and address as their sender: no container speaks for a
neighbour, for the gateway, or for somebody outside.
"""

from collections.abc import Mapping
from typing import Any, Final

from engine.linux.nft import Document
from engine.networkdriver.driver import Link

FAMILY: Final = "bridge"
CHAINS: Final = ("senders",)

_SET: Final = "links"


def table(name: str, interfaces: str, links: Mapping[str, Link]) -> list[Document]:
    """Replace the table by one that admits exactly `links`, by the names of their interfaces on the host.

    `interfaces` is the pattern (`pv*`) of the interfaces that it is about; other bridges' ports are let be.
    """
    hook = {"type": "filter", "hook": "prerouting", "prio": -300, "policy": "accept"}
    is_other = _match({"meta": {"key": "iifname"}}, interfaces, "!=")
    return [
        *remove_table(name),
        {"add": {"table": {"family": FAMILY, "name": name}}},
        {"add": {"set": {**_in(name), "name": _SET, "type": ["ifname", "ether_addr", "ipv4_addr"]}}},
        {"add": {"chain": {**_in(name), "name": CHAINS[0], **hook}}},
        _rule(name, is_other, {"accept": None}),
        _rule(name, _is_of_link("ether", "saddr", "ip", "saddr"), {"accept": None}),
        _rule(
            name,
            _is_of_link("ether", "saddr", "arp", "saddr ip"),
            _is_of_link("arp", "saddr ether", "arp", "saddr ip"),
            {"accept": None},
        ),
        _rule(name, {"drop": None}),
        *(admit(name, interface, link) for interface, link in links.items()),
    ]


def remove_table(name: str) -> list[Document]:
    """Delete the table; one that is not there is no error."""
    own = {"family": FAMILY, "name": name}
    return [{"add": {"table": own}}, {"delete": {"table": own}}]


def admit(name: str, interface: str, link: Link) -> Document:
    """What `link` sends from its own address passes from now on."""
    return {"add": {"element": _element(name, interface, link)}}


def dismiss(name: str, interface: str, link: Link) -> Document:
    """Undo `admit`; an element that is not there fails the transaction."""
    return {"delete": {"element": _element(name, interface, link)}}


def _element(name: str, interface: str, link: Link) -> dict[str, Any]:
    return {**_in(name), "name": _SET, "elem": [{"concat": [interface, link.mac, str(link.address.ip)]}]}


def _is_of_link(mac_protocol: str, mac: str, address_protocol: str, address: str) -> Document:
    key = [{"meta": {"key": "iifname"}}, _payload(mac_protocol, mac), _payload(address_protocol, address)]
    return _match({"concat": key}, f"@{_SET}")


def _payload(protocol: str, field: str) -> Document:
    return {"payload": {"protocol": protocol, "field": field}}


def _match(left: Document, right: str, operator: str = "==") -> Document:
    return {"match": {"op": operator, "left": left, "right": right}}


def _rule(name: str, *expressions: Document) -> Document:
    return {"add": {"rule": {**_in(name), "chain": CHAINS[0], "expr": list(expressions)}}}


def _in(name: str) -> dict[str, Any]:
    return {"family": FAMILY, "table": name}
