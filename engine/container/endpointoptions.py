"""The driver options of one place on a network (`--network name=…,driver-opt=…`), in Docker's words."""

import re
from collections.abc import Mapping
from typing import Final

from engine.errors import InvalidParameter, NotSupported
from engine.network.options import is_interface_name

INTERFACE: Final = "com.docker.network.endpoint.ifname"
SYSCTLS: Final = "com.docker.network.endpoint.sysctls"

#: Only what is of the interface itself, whose name is not known before it is made.
_SYSCTL: Final = re.compile(r"(net\.ipv[46]\.(?:conf|neigh)\.IFNAME\.[a-z0-9_]+)=([^,\s]+)")


def check(options: Mapping[str, str]) -> None:
    """Raises NotSupported for an option that there is not, InvalidParameter for a value that it can't have."""
    for name in options:
        if name not in {INTERFACE, SYSCTLS}:
            raise NotSupported(f"endpoint driver option {name} is not supported")
    if (name := interface(options)) and (not is_interface_name(name) or name == "lo"):
        raise InvalidParameter(f"invalid value for endpoint driver option {INTERFACE}: {name!r}")
    sysctls(options)


def interface(options: Mapping[str, str]) -> str:
    """What the container calls its interface; empty for the engine's choice."""
    return options.get(INTERFACE, "")


def sysctls(options: Mapping[str, str]) -> tuple[tuple[str, str], ...]:
    """`net.ipv4.conf.IFNAME.log_martians=1,…` as paths below /proc/sys, still with IFNAME, and values."""
    found = []
    for text in filter(None, options.get(SYSCTLS, "").split(",")):
        match = _SYSCTL.fullmatch(text)
        if match is None:
            raise InvalidParameter(f"invalid sysctl for endpoint: {text!r} is not net.ipv4|ipv6.conf|neigh.IFNAME.X=Y")
        found.append((match[1].replace(".", "/"), match[2]))
    return tuple(found)
