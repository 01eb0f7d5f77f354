"""Namespace modes: which there are, and what goes with which, in Docker's words (its `validate*Mode`)."""

from collections.abc import Iterator
from typing import Final

from engine.container.config import ContainerConfig, HostConfig
from engine.errors import InvalidParameter
from engine.linux import cgroups

JOIN: Final = "container:"
_UNDEFINED: Final = "This would result in undefined behavior"


def check_modes(config: ContainerConfig, host: HostConfig) -> None:
    """Raises InvalidParameter for a mode that is none, or that contradicts another option."""
    _check_words(host)
    if host.network_mode in {JOIN, "container"}:
        raise InvalidParameter("Invalid network mode: invalid container format container:<name|id>")
    for problem in _conflicts(config, host):
        raise InvalidParameter(f"conflicting options: {problem}")
    if host.cgroupns_mode == "private" and host.privileged and not cgroups.is_v2():
        raise InvalidParameter(
            "privileged mode is incompatible with private cgroup namespaces on cgroup v1 host.  "
            "You must run the container in the host cgroup namespace when running privileged mode"
        )


def _check_words(host: HostConfig) -> None:
    rows: tuple[tuple[str, str, frozenset[str]], ...] = (
        ("IPC mode", host.ipc_mode, frozenset({"", "host", "private", "shareable", "none"})),
        ("PID mode", host.pid_mode, frozenset({"", "host"})),
        ("UTS mode", host.uts_mode, frozenset({"", "host"})),
        ("cgroup namespace mode", host.cgroupns_mode, frozenset({"", "host", "private"})),
        ("userns mode", host.userns_mode, frozenset({"", "host"})),
    )
    for what, value, possible in rows:
        joins = value.startswith(JOIN) and len(value) > len(JOIN) and what in {"IPC mode", "PID mode"}
        if value not in possible and not joins:
            raise InvalidParameter(f"Invalid {what}: {value}")
    if host.isolation not in {"", "default"}:
        raise InvalidParameter(f"Invalid isolation: \"{host.isolation}\" - linux only supports 'default'")


def _conflicts(config: ContainerConfig, host: HostConfig) -> Iterator[str]:
    if config.hostname and host.uts_mode == "host":
        yield "hostname and the UTS mode"
    if host.network_mode == "host" and host.links:
        yield f"host type networking can't be used with links. {_UNDEFINED}"
    if host.network_mode.startswith(JOIN):
        yield from _conflicts_of_joining(config, host)


def _conflicts_of_joining(config: ContainerConfig, host: HostConfig) -> Iterator[str]:
    """Name, addresses and ports belong to the container that is joined."""
    rows = (
        (config.hostname, "hostname and the network mode"),
        (host.links, f"container type network can't be used with links. {_UNDEFINED}"),
        (host.dns, "dns and the network mode"),
        (host.extra_hosts, "custom host-to-IP mapping and the network mode"),
        (config.mac_address, "mac-address and the network mode"),
        (host.port_bindings or host.publish_all_ports, "port publishing and the container type network mode"),
        (config.exposed_ports, "port exposing and the container type network mode"),
    )
    yield from (problem for asked, problem in rows if asked)
