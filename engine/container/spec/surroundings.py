"""Where a container is put."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from engine.container.user import Identity


@dataclass(frozen=True, kw_only=True)
class Surroundings:
    """What the container is put into: paths on the host, and who it runs as.

    `network_namespace` is None for the host's own; `files` holds hostname, hosts and resolv.conf.
    `joined` are other containers' namespaces by OCI's names, `shared_memory` a mount on the host to have as /dev/shm,
    `parts` the parts of volumes, by their destinations. `knows_new_calls` is the runtime's: see `seccomp`.
    """

    root: Path
    files: Path
    identity: Identity
    network_namespace: Path | None
    cgroup_path: str
    joined: Mapping[str, Path] = field(default_factory=dict)
    shared_memory: Path | None = None
    parts: Mapping[str, Path] = field(default_factory=dict)
    knows_new_calls: bool = False
