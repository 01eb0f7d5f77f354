"""What the engine is told from outside: flags, the `PORTSIDE_*` environment, and the names that follow from them."""

import hashlib
import ipaddress
import os
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Final

from engine.addresspools import DEFAULT_RANGES, AddressRange
from engine.errors import InvalidParameter
from engine.ids import NAME_PATTERN

DEFAULT_HOME: Final = Path("/var/lib/portside")
DEFAULT_RUN: Final = Path("/run/portside")
DEFAULT_GROUP: Final = "portside"


@dataclass(frozen=True)
class Config:
    """One engine's settings.

    Two engines with different `home` and `run` live side by side: the names of everything that they make in the
    kernel derive from the pair (`instance`). `runtime` is the OCI runtime that a container has which names none, empty
    for whichever works here; `runtimes` are further ones, by name and program.
    """

    home: Path = DEFAULT_HOME
    run: Path = DEFAULT_RUN
    group: str = DEFAULT_GROUP
    runtime: str = ""
    runtimes: tuple[tuple[str, str], ...] = ()
    #: The graph driver by name; None for that of the data in `home`, or the first that works there.
    storage_driver: str | None = None
    registry_mirrors: tuple[str, ...] = ()
    insecure_registries: tuple[str, ...] = ()
    address_pools: tuple[AddressRange, ...] = DEFAULT_RANGES
    #: How long, and how much of, the logs of removed containers are kept; 0 for none.
    log_archive_hours: int = 168
    log_archive_megabytes: int = 1000
    #: How large the build cache may grow by itself; 0 for a tenth of its file system.
    build_cache_megabytes: int = 0
    debug: bool = False

    @classmethod
    def from_environment(cls, environment: Mapping[str, str] = os.environ) -> "Config":
        """The settings of `PORTSIDE_*`; raises InvalidParameter where one can't be read, and names it."""
        return cls(
            home=_absolute(environment, "PORTSIDE_HOME", DEFAULT_HOME),
            run=_absolute(environment, "PORTSIDE_RUN", DEFAULT_RUN),
            group=environment.get("PORTSIDE_GROUP") or DEFAULT_GROUP,
            runtime=environment.get("PORTSIDE_RUNTIME", ""),
            runtimes=tuple(named_runtime(each) for each in _listed(environment, "PORTSIDE_RUNTIMES")),
            storage_driver=environment.get("PORTSIDE_STORAGE_DRIVER") or None,
            registry_mirrors=_listed(environment, "PORTSIDE_REGISTRY_MIRRORS"),
            insecure_registries=_listed(environment, "PORTSIDE_INSECURE_REGISTRIES"),
            address_pools=tuple(map(AddressRange.parse, _listed(environment, "PORTSIDE_ADDRESS_POOLS")))
            or DEFAULT_RANGES,
            log_archive_hours=_whole(environment, "PORTSIDE_LOG_ARCHIVE_HOURS", 168),
            log_archive_megabytes=_whole(environment, "PORTSIDE_LOG_ARCHIVE_MB", 1000),
            build_cache_megabytes=_whole(environment, "PORTSIDE_BUILD_CACHE_MB", 0),
            debug=environment.get("PORTSIDE_DEBUG", "") not in {"", "0", "false"},
        )

    @cached_property
    def instance(self) -> str:
        """Six hexadecimal digits that tell this instance's objects from another's."""
        return hashlib.sha256(f"{self.home}\0{self.run}".encode()).hexdigest()[:6]

    @property
    def is_default_instance(self) -> bool:
        return self.home == DEFAULT_HOME and self.run == DEFAULT_RUN

    @property
    def socket(self) -> Path:
        return self.run / "engine.sock"

    @property
    def database(self) -> Path:
        return self.home / "engine.db"

    @property
    def bridge(self) -> str:
        """The default bridge's interface name (15 characters at most, the kernel's limit)."""
        return "portside0" if self.is_default_instance else f"ps{self.instance}0"

    @property
    def nft_table(self) -> str:
        return "portside" if self.is_default_instance else f"portside_{self.instance}"

    @property
    def cgroup_parent(self) -> str:
        return "/portside" if self.is_default_instance else f"/portside-{self.instance}"

    def is_insecure(self, host: str) -> bool:
        """May the registry at `host` (name or address, with or without a port) be spoken to in plain HTTP?

        True on 127.0.0.0/8, ::1 and localhost, and where `insecure_registries` names the host, with its port or
        without, or a network (CIDR) that holds it: Docker's rule.
        """
        name = _host_part(host)
        if name == "localhost" or host in self.insecure_registries or name in self.insecure_registries:
            return True
        try:
            address = ipaddress.ip_address(name)
        except ValueError:
            return False
        return address.is_loopback or any(address in network for network in self._insecure_networks)

    @cached_property
    def _insecure_networks(self) -> tuple[ipaddress.IPv4Network | ipaddress.IPv6Network, ...]:
        return tuple(ipaddress.ip_network(entry) for entry in self.insecure_registries if "/" in entry)


def named_runtime(text: str) -> tuple[str, str]:
    """Read `NAME=PATH` (dockerd's `--add-runtime`); raises InvalidParameter."""
    name, equals, program = text.partition("=")
    if not (equals and NAME_PATTERN.fullmatch(name) and program.startswith("/")):
        raise InvalidParameter(f"a runtime is told as NAME=/PATH/TO/PROGRAM, not {text!r}")
    return name, program


def _host_part(host: str) -> str:
    if host.startswith("["):
        return host[1:].partition("]")[0]
    return host.rpartition(":")[0] if host.count(":") == 1 else host


def _absolute(environment: Mapping[str, str], name: str, default: Path) -> Path:
    path = Path(environment.get(name) or default)
    if not path.is_absolute():
        raise InvalidParameter(f"{name} must be an absolute path, not {str(path)!r}")
    return path


def _whole(environment: Mapping[str, str], name: str, default: int) -> int:
    text = environment.get(name) or str(default)
    if not text.isdecimal():
        raise InvalidParameter(f"{name} must be a whole number, not {text!r}")
    return int(text)


def _listed(environment: Mapping[str, str], name: str) -> tuple[str, ...]:
    return tuple(item for item in (part.strip() for part in environment.get(name, "").split(",")) if item)
