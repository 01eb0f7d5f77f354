"""What takes up the disk: `GET /system/df`."""

import asyncio
from collections import Counter
from collections.abc import Collection
from enum import StrEnum
from typing import Any

from engine.build.service import Builds
from engine.container.service import Containers
from engine.image import view
from engine.image.service import Images
from engine.linux.trees import tree_size
from engine.volume.record import Volume
from engine.volume.service import Volumes


class Kind(StrEnum):
    """The kinds of things that can be asked for, in the API's words."""

    CONTAINER = "container"
    IMAGE = "image"
    VOLUME = "volume"
    BUILD_CACHE = "build-cache"


async def usage(
    images: Images, containers: Containers, volumes: Volumes, builds: Builds, kinds: Collection[Kind]
) -> dict[str, Any]:
    """Docker's SystemDataUsageResponse for these kinds. Sizes in bytes; what images share counts once.

    An image's size is all that it takes of the disk, so it is more here than in lists of images (see `footprint`).
    """
    rows = await containers.summaries(all_=True, limit=0, size=Kind.CONTAINER in kinds, filters={})
    document: dict[str, Any] = {"BuilderSize": 0}
    if Kind.IMAGE in kinds:
        document |= _images(images, Counter(row["ImageID"] for row in rows))
    if Kind.CONTAINER in kinds:
        document["Containers"] = rows
    if Kind.VOLUME in kinds:
        users = Counter(mount.get("Name") for row in rows for mount in row["Mounts"])
        document["Volumes"] = [await _volume(volume, users[volume.name]) for volume in volumes.list()]
    if Kind.BUILD_CACHE in kinds:
        document["BuildCache"] = rows = await builds.usage()
        document["BuilderSize"] = sum(row["Size"] for row in rows if not row["Shared"])
    return document


def _images(images: Images, users: Counter[str]) -> dict[str, Any]:
    footprint = images.footprint()
    shared = footprint.shared()
    rows = [
        view.summary(image, shared=shared[image.id]) | {"Size": footprint.size(image.id), "Containers": users[image.id]}
        for image in images.list()
    ]
    return {"LayersSize": footprint.total, "Images": rows}


async def _volume(volume: Volume, references: int) -> dict[str, Any]:
    size = await asyncio.to_thread(tree_size, volume.mountpoint)
    return volume.to_json() | {"UsageData": {"Size": size, "RefCount": references}}
