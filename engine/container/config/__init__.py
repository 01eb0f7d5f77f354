"""The container part of a create request: Docker's `Config`, `HostConfig` and `NetworkingConfig`.

A field that is not here is one that the engine can't honour. Clients send every field that they know, most of them
empty; an empty one says nothing and passes, one that says something is refused by name (`decode`). So no option is
ever accepted and ignored.
"""

from engine.container.config.container import ContainerConfig
from engine.container.config.decode import decode
from engine.container.config.host import (
    DeviceMapping,
    HostConfig,
    LogConfig,
    PortBinding,
    RestartPolicy,
    ThrottleDevice,
    Ulimit,
    WeightDevice,
)
from engine.container.config.mounts import BindOptions, DriverConfig, Mount, TmpfsOptions, VolumeOptions
from engine.container.config.network import EndpointConfig, EndpointIPAMConfig, NetworkingConfig

__all__ = [
    "BindOptions",
    "ContainerConfig",
    "DeviceMapping",
    "DriverConfig",
    "EndpointConfig",
    "EndpointIPAMConfig",
    "HostConfig",
    "LogConfig",
    "Mount",
    "NetworkingConfig",
    "PortBinding",
    "RestartPolicy",
    "ThrottleDevice",
    "TmpfsOptions",
    "Ulimit",
    "VolumeOptions",
    "WeightDevice",
    "decode",
]
