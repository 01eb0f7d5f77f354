"""Where a container is put."""

from dataclasses import dataclass
from pathlib import Path

from engine.container.user import Identity


@dataclass(frozen=True, kw_only=True)
class Surroundings:
    """What the container is put into: paths on the host, and who it runs as.

    `network_namespace` is None for the host's own; `files` holds hostname, hosts and resolv.conf.
    """

    root: Path
    files: Path
    identity: Identity
    network_namespace: Path | None
    cgroup_path: str
