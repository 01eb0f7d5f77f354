"""What the command palette finds: pages, and every object of a host."""

import asyncio
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import Any

from django.urls import reverse
from django.utils.translation import gettext as _

from dashboard.containers.queries import list_containers
from dashboard.hosts.models import Host
from dashboard.images.queries import list_images
from dashboard.networks.queries import list_networks
from dashboard.volumes.queries import list_volumes


@dataclass(frozen=True)
class Entry:
    """`note` tells things of one name apart."""

    kind: str
    name: str
    url: str
    note: str = ""

    def to_json(self) -> dict[str, Any]:
        return asdict(self)


def pages(host: Host) -> list[Entry]:
    """The pages that are always there."""
    names = (
        (_("Overview"), "overview:show"),
        (_("Containers"), "containers:list"),
        (_("Run a container"), "containers:run"),
        (_("Images"), "images:list"),
        (_("Prune images"), "images:prune"),
        (_("Volumes"), "volumes:list"),
        (_("Create a volume"), "volumes:create"),
        (_("Prune volumes"), "volumes:prune"),
        (_("Networks"), "networks:list"),
        (_("Create a network"), "networks:create"),
        (_("Events"), "events:list"),
    )
    own = [Entry(_("page"), name, reverse(view, args=[host.name])) for name, view in names]
    return [*own, Entry(_("page"), _("Jobs"), reverse("jobs:list"))]


async def objects(host: Host) -> list[Entry]:
    """Every container, image, volume and network. Raises EngineFailure."""
    found = await asyncio.gather(_containers(host), _images(host), _volumes(host), _networks(host))
    return [entry for entries in found for entry in entries]


async def _containers(host: Host) -> list[Entry]:
    return [
        Entry(_("container"), one.name, reverse("containers:show", args=[host.name, one.id]), one.status)
        for one in await list_containers(host)
    ]


async def _images(host: Host) -> list[Entry]:
    def each() -> Iterator[Entry]:
        for image in images:
            url = reverse("images:show", args=[host.name, image.hex_id])
            for name in image.tags or (image.short_id,):
                yield Entry(_("image"), name, url, image.short_id)

    images = await list_images(host)
    return list(each())


async def _volumes(host: Host) -> list[Entry]:
    return [
        Entry(_("volume"), one.name, reverse("volumes:show", args=[host.name, one.name]), one.driver)
        for one in await list_volumes(host)
    ]


async def _networks(host: Host) -> list[Entry]:
    return [
        Entry(_("network"), one.name, reverse("networks:show", args=[host.name, one.id]), " ".join(one.subnets))
        for one in await list_networks(host)
    ]
