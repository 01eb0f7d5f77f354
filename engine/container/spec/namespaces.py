"""Which namespaces a container has of its own, and the kernel settings that belong to them."""

from engine.container.config import HostConfig
from engine.container.spec.surroundings import Surroundings


def namespaces(host: HostConfig, around: Surroundings) -> list[dict[str, str]]:
    kinds = [{"type": "mount"}]
    if around.network_namespace is not None:
        kinds.append({"type": "network", "path": str(around.network_namespace)})
    for kind, mode in (("uts", host.uts_mode), ("pid", host.pid_mode), ("ipc", host.ipc_mode)):
        if kind in around.joined:
            kinds.append({"type": kind, "path": str(around.joined[kind])})
        elif mode != "host":
            kinds.append({"type": kind})
    if host.cgroupns_mode == "private":
        kinds.append({"type": "cgroup"})
    return kinds


def sysctls(host: HostConfig, around: Surroundings) -> dict[str, str]:
    """In a network namespace of its own a container may bind low ports and ping without privileges, as in Docker."""
    own_network = around.network_namespace is not None and "network" not in around.joined
    defaults = {"net.ipv4.ip_unprivileged_port_start": "0", "net.ipv4.ping_group_range": "0 2147483647"}
    return {**(defaults if own_network else {}), **(host.sysctls or {})}
