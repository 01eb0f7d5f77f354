"""Which namespaces a container has of its own, and the kernel settings that belong to them."""

from engine.container.config import HostConfig
from engine.container.spec.surroundings import Surroundings


def namespaces(host: HostConfig, around: Surroundings) -> list[dict[str, str]]:
    kinds = [{"type": "mount"}]
    if around.network_namespace is not None:
        kinds.append({"type": "network", "path": str(around.network_namespace)})
    kinds += [{"type": kind} for kind, mode in (("uts", host.uts_mode), ("pid", host.pid_mode)) if mode != "host"]
    if host.ipc_mode != "host":
        kinds.append({"type": "ipc"})
    if host.cgroupns_mode == "private":
        kinds.append({"type": "cgroup"})
    return kinds


def sysctls(host: HostConfig, around: Surroundings) -> dict[str, str]:
    """In a network namespace of its own a container may bind low ports and ping without privileges, as in Docker."""
    own_network = around.network_namespace is not None
    defaults = {"net.ipv4.ip_unprivileged_port_start": "0", "net.ipv4.ping_group_range": "0 2147483647"}
    return {**(defaults if own_network else {}), **(host.sysctls or {})}
