"""The options of networks, in Docker's words: which there are for each driver, and what they can be."""

from collections.abc import Callable, Mapping
from ipaddress import IPv4Address
from typing import Final

from engine.errors import InvalidParameter, NotSupported

BRIDGE_NAME: Final = "com.docker.network.bridge.name"
ICC: Final = "com.docker.network.bridge.enable_icc"
MASQUERADE: Final = "com.docker.network.bridge.enable_ip_masquerade"
HOST_BINDING: Final = "com.docker.network.bridge.host_binding_ipv4"
GATEWAY_MODES: Final = tuple(f"com.docker.network.bridge.gateway_mode_ipv{version}" for version in (4, 6))
MTU: Final = "com.docker.network.driver.mtu"
INTERFACE_PREFIX: Final = "com.docker.network.container_iface_prefix"
PARENT: Final = "parent"
#: The drivers whose containers stand on an interface of the host, and the option that says how.
MODES: Final[Mapping[str, str]] = {"macvlan": "macvlan_mode", "ipvlan": "ipvlan_mode"}
MODE_CHOICES: Final[Mapping[str, tuple[str, ...]]] = {
    "macvlan": ("bridge", "private", "vepa", "passthru"),
    "ipvlan": ("l2", "l3", "l3s"),
}
TRUTH: Final[Mapping[str, bool]] = {
    **dict.fromkeys(("1", "t", "T", "true", "TRUE", "True"), True),
    **dict.fromkeys(("0", "f", "F", "false", "FALSE", "False"), False),
}

#: The kernel's limit on an interface's name.
_INTERFACE_LENGTH: Final = 15
_SMALLEST_MTU, _LARGEST_MTU = 68, 65535
#: An interface with less has no IPv6 (RFC 8200, 5).
_SMALLEST_MTU_OF_IPV6: Final = 1280

Check = Callable[[str], bool]


def check_options(driver: str, options: Mapping[str, str], *, has_ipv6: bool) -> None:
    """Raises NotSupported for an option, or a value of one, that this engine does not have, InvalidParameter for what
    is no value of it."""
    checks = _checks(driver)
    for name, value in options.items():
        if name not in checks:
            raise NotSupported(f"network option {name} is not supported")
        if not checks[name](value):
            raise InvalidParameter(f"invalid value for network option {name}: {value!r}")
        if name in GATEWAY_MODES and value not in {"", "nat"}:
            raise NotSupported(f"network option {name}={value} is not supported: networks have the gateway mode nat")
    if has_ipv6 and int(options.get(MTU, _LARGEST_MTU)) < _SMALLEST_MTU_OF_IPV6:
        raise InvalidParameter(f"invalid value for network option {MTU}: IPv6 needs {_SMALLEST_MTU_OF_IPV6} at least")


def is_true(text: str) -> bool:
    """One of the words that Go's strconv.ParseBool takes for true; `TRUTH` has all that are words at all."""
    return TRUTH[text]


def _checks(driver: str) -> dict[str, Check]:
    common: dict[str, Check] = {MTU: _is_mtu, INTERFACE_PREFIX: lambda text: is_interface_name(text + "00")}
    if driver in MODES:
        return common | {PARENT: is_interface_name, MODES[driver]: MODE_CHOICES[driver].__contains__}
    gateway_modes = dict.fromkeys(GATEWAY_MODES, {"", "nat", "nat-unprotected", "routed", "isolated"}.__contains__)
    return (
        common
        | gateway_modes
        | {
            ICC: TRUTH.__contains__,
            MASQUERADE: TRUTH.__contains__,
            HOST_BINDING: _is_address,
            BRIDGE_NAME: is_interface_name,
        }
    )


def _is_mtu(text: str) -> bool:
    return text.isdecimal() and len(text) < 6 and _SMALLEST_MTU <= int(text) <= _LARGEST_MTU


def _is_address(text: str) -> bool:
    try:
        return bool(IPv4Address(text))
    except ValueError:
        return False


def is_interface_name(text: str) -> bool:
    """What the kernel takes (dev_valid_name), and nothing that could be read as a pattern or a path."""
    is_plain = all(character.isascii() and (character.isalnum() or character in "-_.") for character in text)
    return 0 < len(text) <= _INTERFACE_LENGTH and is_plain and text not in {".", ".."}
