"""The body of `docker update`: Docker's resources, and the restart policy."""

from msgspec import Struct, field

from engine.container.config.host import RestartPolicy


class Update(Struct, rename="pascal"):
    """What can be changed of a container that exists. What is zero, empty or None stays as it is."""

    restart_policy: RestartPolicy = field(default_factory=RestartPolicy)
    blkio_weight: int = 0
    cpu_shares: int = 0
    cpu_period: int = 0
    cpu_quota: int = 0
    cpuset_cpus: str = ""
    cpuset_mems: str = ""
    nano_cpus: int = 0
    memory: int = 0
    memory_reservation: int = 0
    memory_swap: int = 0
    pids_limit: int | None = None
