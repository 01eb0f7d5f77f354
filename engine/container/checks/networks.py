"""What a container may ask of its networks, in Docker's words."""

import re
from collections.abc import Mapping
from ipaddress import IPv4Address, IPv6Address, ip_address
from typing import Final

from engine.container import endpointoptions
from engine.container.config import EndpointConfig
from engine.errors import InvalidParameter
from engine.ids import NAME_PATTERN

#: Modes that stand for no network that somebody made.
BUILT_IN: Final = frozenset({"", "default", "bridge", "host", "none"})

_MAC: Final = re.compile(r"[0-9a-fA-F]{2}([:-])(?:[0-9a-fA-F]{2}\1){4}[0-9a-fA-F]{2}")


def is_user_defined(mode: str) -> bool:
    """Does the NetworkMode name a network that somebody made?"""
    return mode not in BUILT_IN and not mode.startswith("container:")


def check_endpoints(endpoints: Mapping[str, EndpointConfig]) -> None:
    """Raises InvalidParameter, with all that is wrong with the wishes for one network, and NotSupported for a driver
    option that there is not."""
    for name, wishes in endpoints.items():
        endpointoptions.check(wishes.driver_opts or {})
        problems = [*_malformed(wishes), *(() if is_user_defined(name) else _unfit(wishes))]
        if problems:
            text = "\n".join(problems)
            raise InvalidParameter(f"invalid config for network {name}: invalid endpoint settings:\n{text}")


def _malformed(wishes: EndpointConfig) -> list[str]:
    problems = [
        f"invalid IPv{version} address: {text}"
        for version, text in wishes.addresses.items()
        if not _is_address(text, version)
    ]
    problems += [f"invalid link-local IP address: {text}" for text in wishes.link_local if not _is_link_local(text)]
    if wishes.mac_address and not _is_mac(wishes.mac_address):
        problems.append(f"invalid MAC address: {wishes.mac_address}")
    words = [word for link in wishes.links or () for word in link.split(":", 1)]
    bad = [word for word in (*(wishes.aliases or ()), *words) if not NAME_PATTERN.fullmatch(f"x{word}")]
    return problems + [f"invalid name or alias: {word!r}" for word in bad]


def _unfit(wishes: EndpointConfig) -> list[str]:
    problems = []
    if wishes.addresses or wishes.link_local:
        problems.append("user specified IP address is supported on user defined networks only")
    if wishes.aliases or wishes.links:
        problems.append("network-scoped alias is supported only for containers in user defined networks")
    return problems


def _is_address(text: str, version: int) -> bool:
    try:
        address = IPv4Address(text) if version == 4 else IPv6Address(text)
    except ValueError:
        return False
    return "%" not in str(address)


def _is_link_local(text: str) -> bool:
    try:
        return ip_address(text).is_link_local and "%" not in text
    except ValueError:
        return False


def _is_mac(text: str) -> bool:
    """One that an interface can have: no group's, and not all zeros."""
    return bool(_MAC.fullmatch(text)) and not int(text[:2], 16) & 1 and int(re.sub("[:-]", "", text), 16) > 0
