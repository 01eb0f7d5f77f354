"""Parameters of a prune."""

from enum import StrEnum
from typing import Annotated

from pydantic import Field

from dashboard.jobs.params.base import Params, asked


class Prunable(StrEnum):
    """What an engine removes by itself where it is unused; the values are the engine's own, as in `/images/prune`."""

    CONTAINERS = "containers"
    IMAGES = "images"
    NETWORKS = "networks"
    VOLUMES = "volumes"


class PruneParams(Params):
    """`docker … prune` of each of `objects`: images without a name alone, unless `all_images`."""

    objects: Annotated[tuple[Prunable, ...], Field(min_length=1, max_length=len(Prunable))]
    all_images: bool = False

    @property
    def subject(self) -> str:
        return ", ".join(self.objects)

    def shown(self) -> list[tuple[str, str]]:
        return asked({"Objects": " ".join(self.objects), "Images": "all unused" if self.all_images else ""})
