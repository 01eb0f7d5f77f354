"""An image as a row of the list."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final, Self

#: What Docker writes where an image has no name.
_NONE: Final = "<none>:<none>"


@dataclass(frozen=True)
class Summary:
    """One entry of `GET /images/json`. `size` is in bytes."""

    id: str
    tags: tuple[str, ...]
    size: int
    created: datetime

    @classmethod
    def from_json(cls, entry: Mapping[str, Any]) -> Self:
        return cls(
            id=entry["Id"],
            tags=tuple(tag for tag in entry.get("RepoTags") or () if tag != _NONE),
            size=int(entry["Size"]),
            created=datetime.fromtimestamp(entry["Created"], UTC),
        )

    @property
    def short_id(self) -> str:
        return self.hex_id[:12]

    @property
    def hex_id(self) -> str:
        """The ID as it stands in addresses."""
        return self.id.removeprefix("sha256:")

    @property
    def names(self) -> tuple[str, ...]:
        """What it can be run and removed by: its tags, or its ID where it has none."""
        return self.tags or (self.id,)
