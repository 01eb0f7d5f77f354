"""What an engine says of itself and of its host."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self


@dataclass(frozen=True)
class Facts:
    """Of `GET /info`. `memory` is in bytes."""

    name: str
    version: str
    storage_driver: str
    runtime: str
    cgroups: str
    system: str
    kernel: str
    architecture: str
    cpus: int
    memory: int
    root: str
    images: int
    warnings: tuple[str, ...]

    @classmethod
    def from_json(cls, info: Mapping[str, Any]) -> Self:
        return cls(
            name=info.get("Name", ""),
            version=info.get("ServerVersion", ""),
            storage_driver=info.get("Driver", ""),
            runtime=info.get("DefaultRuntime", ""),
            cgroups=" ".join(filter(None, (info.get("CgroupDriver"), f"v{info.get('CgroupVersion') or 1}"))),
            system=info.get("OperatingSystem", ""),
            kernel=info.get("KernelVersion", ""),
            architecture=info.get("Architecture", ""),
            cpus=int(info.get("NCPU") or 0),
            memory=int(info.get("MemTotal") or 0),
            root=info.get("DockerRootDir", ""),
            images=int(info.get("Images") or 0),
            warnings=tuple(info.get("Warnings") or ()),
        )
