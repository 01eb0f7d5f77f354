"""`docker load`: the images of an archive into the store."""

from collections.abc import AsyncGenerator, AsyncIterable
from typing import Any

from engine.events import EventBus
from engine.ids import short_id
from engine.image.archive.arrival import Arrival, take_in
from engine.image.archive.contents import take_apart
from engine.image.archive.early import Early
from engine.image.archive.formats import Found, images_in
from engine.image.archive.recoding import carried
from engine.image.platform import Platform
from engine.image.reference import Reference
from engine.image.service import Images

Message = dict[str, Any]


async def load(
    images: Images, events: EventBus, body: AsyncIterable[bytes], *, quiet: bool, platform: Platform | None = None
) -> AsyncGenerator[Message, None]:
    """Take in all images of the archive `body`; yields Docker's messages. With `quiet` only what was loaded is told.

    With `platform` only those that run on it are taken; else of an image for several platforms this host's. The archive
    is checked as a whole before the first image is taken in. Raises InvalidParameter and NotSupported.
    """
    async with images.blobs.scratch() as folder, Early(images) as early:
        for found in images_in(await take_apart(body, folder, early), platform):
            if not images.knows(found.arrival.id):
                async for number in take_in(images, await carried(found.arrival, folder), early):
                    if not quiet:
                        yield _loaded_layer(found.arrival, number)
            async for message in _named(images, found):
                yield message
            events.publish("image", "load", found.arrival.id, {"name": found.arrival.id})


async def _named(images: Images, found: Found) -> AsyncGenerator[Message, None]:
    image_id = found.arrival.id
    for name in found.names:
        if (old := _holder(images, name)) not in {None, image_id}:
            yield _line(f"The image {name.familiar} already exists, renaming the old one with ID {old} to empty string")
        await images.name(name, image_id)
        yield _line(f"Loaded image: {name.familiar}")
    if not found.names:
        yield _line(f"Loaded image ID: {image_id}")


def _holder(images: Images, name: Reference) -> str | None:
    return images.catalog.named(name)


def _loaded_layer(arrival: Arrival, number: int) -> Message:
    size = arrival.layers[number].descriptor.size
    name = short_id(arrival.config.rootfs.diff_ids[number])
    return {"status": "Loading layer", "progressDetail": {"current": size, "total": size}, "id": name}


def _line(text: str) -> Message:
    return {"stream": f"{text}\n"}
