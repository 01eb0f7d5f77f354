"""Settings of the kernel's network, below /proc/sys, in the calling thread's network namespace."""

from collections.abc import Iterable
from pathlib import Path
from typing import Final

_ROOT: Final = Path("/proc/sys")
_FORWARDING: Final = "net/ipv6/conf/all/forwarding"
#: accept_ra: routers' announcements count even though the host forwards.
_ALWAYS: Final = "2"


def set_value(path: str, value: str) -> None:
    """Write it, unless it is so already: on some hosts /proc/sys is read-only and prepared by others."""
    file = _ROOT / path
    if file.read_text().strip() != value:
        file.write_text(value)


def is_ipv6_there() -> bool:
    return (_ROOT / _FORWARDING).exists()


def enable_ipv6(interface: str) -> None:
    """IPv6 by addresses that are given, none by what routers (or who says that he is one) announce; the addresses are
    used at once, as who gave them knows that they are free, and announced."""
    settings = {"accept_ra": "0", "autoconf": "0", "accept_dad": "0", "ndisc_notify": "1", "disable_ipv6": "0"}
    for name, value in settings.items():
        set_value(f"net/ipv6/conf/{interface}/{name}", value)


def enable_forwarding(version: int, *, uplinks: Iterable[str] = ()) -> None:
    """Raises OSError where the kernel lacks the family, or does not let us.

    `uplinks` have a default route: where that comes of a router's announcements it is kept. The kernel forgets it when
    it starts to forward IPv6, unless told that both are meant.
    """
    if version == 4:
        set_value("net/ipv4/ip_forward", "1")
        return
    if (_ROOT / _FORWARDING).read_text().strip() == "1":
        return
    for name in uplinks:
        file = _ROOT / f"net/ipv6/conf/{name}/accept_ra"
        if file.read_text().strip() == "1":
            file.write_text(_ALWAYS)
    set_value(_FORWARDING, "1")
