"""Images, networks, volumes and hosts, as the API shows them."""

from datetime import datetime
from typing import Any

from ninja import Field, Schema
from pydantic import ConfigDict

from dashboard.api.schemas.containers import HostQuery
from dashboard.api.schemas.page import PageQuery
from dashboard.hosts.models import LOCAL
from dashboard.jobs.params.words import ImageOrId, Name, Tag


class ImageListed(Schema):
    """An image in a list; `size` in bytes."""

    id: str
    tags: list[str]
    size: int
    created: datetime


class TagOrder(Schema):
    """A further name for an image."""

    model_config = ConfigDict(extra="forbid")

    host: str = Field(LOCAL, max_length=63)
    image: ImageOrId
    tag: Tag


class NetworkListed(Schema):
    """A network in a list."""

    id: str
    name: str
    driver: str
    scope: str
    is_internal: bool
    created: datetime | None
    subnets: list[str]
    gateways: list[str]
    labels: dict[str, str]
    containers: list[str] = Field(description="Names of those configured for it")

    @staticmethod
    def resolve_labels(network: Any) -> dict[str, str]:
        return dict(network.labels)

    @staticmethod
    def resolve_containers(network: Any) -> list[str]:
        return [container.name for container in network.containers]


class NetworkOrder(Schema):
    """A network to make."""

    model_config = ConfigDict(extra="forbid")

    host: str = Field(LOCAL, max_length=63)
    name: Name
    driver: str = Field("bridge", max_length=255, pattern=r"^[a-zA-Z0-9][a-zA-Z0-9_.:/-]*$")
    subnet: str = Field("", max_length=64, examples=["10.5.0.0/16"], description="Empty: the engine chooses")
    gateway: str = Field("", max_length=64, examples=["10.5.0.1"])
    internal: bool = False
    labels: dict[str, str] = Field(default_factory=dict)

    def body(self) -> dict[str, Any]:
        """The body of `POST /networks/create`."""
        pool = {key: value for key, value in (("Subnet", self.subnet), ("Gateway", self.gateway)) if value}
        return {
            "Name": self.name,
            "Driver": self.driver,
            "Internal": self.internal,
            "CheckDuplicate": True,
            "IPAM": {"Driver": "default", "Config": [pool] if pool else []},
            "Labels": self.labels,
        }


class VolumeListed(Schema):
    """A volume in a list."""

    name: str
    driver: str
    mountpoint: str
    scope: str
    created: datetime | None
    labels: dict[str, str]
    options: dict[str, str]
    containers: list[str] = Field(description="Names of those that use it")

    @staticmethod
    def resolve_labels(volume: Any) -> dict[str, str]:
        return dict(volume.labels)

    @staticmethod
    def resolve_options(volume: Any) -> dict[str, str]:
        return dict(volume.options)

    @staticmethod
    def resolve_containers(volume: Any) -> list[str]:
        return [container.name for container in volume.containers]


class VolumeOrder(Schema):
    """A volume to make; without a name the engine invents one."""

    model_config = ConfigDict(extra="forbid")

    host: str = Field(LOCAL, max_length=63)
    name: str = Field("", max_length=255, pattern=r"^(?:[a-zA-Z0-9][a-zA-Z0-9_.-]+)?$")
    driver: str = Field("local", max_length=255, pattern=r"^[a-zA-Z0-9][a-zA-Z0-9_.:/-]*$")
    options: dict[str, str] = Field(default_factory=dict)
    labels: dict[str, str] = Field(default_factory=dict)

    def body(self) -> dict[str, Any]:
        """The body of `POST /volumes/create`."""
        return {"Name": self.name, "Driver": self.driver, "DriverOpts": self.options, "Labels": self.labels}


class ListQuery(PageQuery, HostQuery):
    """Which page of which host's objects."""


class HostListed(Schema):
    """A host in a list."""

    name: str
    created: datetime


class Made(Schema):
    """What was made, by its ID, or a volume by its name."""

    id: str


class EngineFacts(Schema):
    """What an engine says of itself and of its host; `memory` in bytes."""

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
    warnings: list[str]


class HostShown(Schema):
    """A host at a glance; `states` counts its containers."""

    name: str
    engine: EngineFacts
    states: dict[str, int]
    volumes: int
    networks: int
