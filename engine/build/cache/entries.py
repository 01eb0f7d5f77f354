"""The build cache for people: `docker system df` and `docker builder prune`."""

import asyncio
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

from engine.build.cache.mounts import CacheMount, CacheMounts
from engine.build.cache.records import StepRecord
from engine.build.cache.steps import StepCache
from engine.image.service import Images

STEP: Final = "regular"
MOUNT: Final = "exec.cachemount"


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One step, or one cache mount. `size` in bytes, times in Unix seconds.

    `shared`: an image has the entry's files too, so that nothing is gained by removing it. `dangling`: it has come
    about on the way to no image that is there.
    """

    id: str
    kind: str
    description: str
    size: int
    created: float
    used: float
    parent: str = ""
    uses: int = 0
    in_use: bool = False
    shared: bool = False
    dangling: bool = True

    def to_json(self) -> dict[str, Any]:
        """Docker's BuildCache."""
        return {
            "ID": self.id,
            "Parents": [self.parent] if self.parent else None,
            "Type": self.kind,
            "Description": self.description,
            "InUse": self.in_use,
            "Shared": self.shared,
            "Size": self.size,
            "CreatedAt": _rfc3339(self.created),
            "LastUsedAt": _rfc3339(self.used),
            "UsageCount": self.uses,
        }


@dataclass(frozen=True)
class Entries:
    """Reads what builds have left."""

    steps: StepCache
    mounts: CacheMounts
    images: Images

    async def all(self) -> list[Entry]:
        """Every entry, the one used longest ago first."""
        mounts = await asyncio.to_thread(self.mounts.list)
        found = [*self._steps(), *map(_of_mount, mounts)]
        return sorted(found, key=lambda entry: entry.used)

    def _steps(self) -> Iterator[Entry]:
        records = dict(self.steps.items())
        layers = {layer for image in self.images.list() for layer in image.layers}
        for key, record in records.items():
            yield Entry(
                id=key,
                kind=STEP,
                description=record.words,
                size=record.size,
                created=record.made,
                used=record.used,
                parent=record.parent if record.parent in records else "",
                uses=record.uses,
                in_use=self.steps.is_held(key),
                shared=record.layer is not None and record.layer.chain_id in layers,
                dangling=not self._serves_image(key, records, layers),
            )

    def _serves_image(self, key: str, records: dict[str, StepRecord], layers: Collection[str]) -> bool:
        """Is the last layer on the way to the step one of an image? Without any, the way begins at an image itself."""
        while (record := records.get(key)) is not None:
            if record.layer is not None:
                return record.layer.chain_id in layers
            key = record.parent
        return self.images.knows(key)


def _of_mount(mount: CacheMount) -> Entry:
    return Entry(
        id=mount.name.replace("/", "-"),
        kind=MOUNT,
        description=f"cache mount {mount.name}",
        size=mount.size,
        created=mount.created,
        used=mount.used,
        in_use=mount.in_use,
    )


def _rfc3339(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).isoformat().replace("+00:00", "Z")
