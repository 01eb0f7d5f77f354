"""`docker image prune`: which unused images go, and what that gave back."""

from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import Any, Final

from engine.errors import Conflict, InvalidParameter, NotFound
from engine.events import EventBus
from engine.image import filters
from engine.image.image import Image
from engine.image.service import Images

Filters = Mapping[str, Sequence[str]]
_KNOWN: Final = frozenset({"dangling", "until", "label", "label!"})


async def prune(images: Images, events: EventBus, wanted: Filters) -> dict[str, Any]:
    """Remove the images that no container uses and the filters allow to go; returns Docker's report.

    Without `dangling` = false only those without a name go. What came of pulls that were cut goes always, and what a
    running pull or save has in hand stays. Raises InvalidParameter for a filter that is not one of these.
    """
    rows: list[dict[str, str]] = []
    before = {part: size for part, size in images.footprint().parts.items() if images.keeps(*part)}
    for image in _prunable(images, wanted):
        for name in image.repo_tags + image.repo_digests or (image.id,):
            # It may have got a container since, or have gone together with another of its names.
            with suppress(Conflict, NotFound):
                rows += await images.remove(name)
    reclaimed = sum(size for part, size in before.items() if not images.keeps(*part)) + images.blobs.forget_partial()
    events.publish("image", "prune", "", {"reclaimed": str(reclaimed)})
    return {"ImagesDeleted": rows or None, "SpaceReclaimed": reclaimed}


def _prunable(images: Images, wanted: Filters) -> list[Image]:
    if unknown := next((name for name in wanted if name not in _KNOWN), None):
        raise InvalidParameter(f"invalid filter '{unknown}'")
    only_dangling = filters.dangling(wanted) is not False
    others = {name: values for name, values in wanted.items() if name != "dangling"}
    return [
        image
        for image in images.list(others)
        if not images.users(image.id) and not (only_dangling and (image.repo_tags or image.repo_digests))
    ]
