"""A volume: its record, and how Docker's API shows it."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

import msgspec

from engine.errors import InvalidParameter
from engine.ids import NAME_PATTERN

#: Docker's own mark on a volume that nobody named; `docker volume prune` goes by it.
ANONYMOUS_LABEL: Final = "com.docker.volume.anonymous"
#: The file system's limit for one name.
_NAME_LIMIT: Final = 255


class VolumeRecord(msgspec.Struct, frozen=True, kw_only=True):
    """What is kept of one volume. `created` is Unix nanoseconds.

    `fresh`: no container has had it yet, so an image's content may still be copied into it. `maker` is the container
    that the volume was made for, until that container stands or lets go of it: a volume whose maker never came to
    be is what a killed engine left.
    """

    name: str
    created: int
    labels: dict[str, str] | None = None
    fresh: bool = True
    maker: str = ""

    @property
    def is_anonymous(self) -> bool:
        return ANONYMOUS_LABEL in (self.labels or {})


class Volume(msgspec.Struct, frozen=True):
    """A volume as its users see it: the record, and where its files are."""

    record: VolumeRecord
    mountpoint: Path

    @property
    def name(self) -> str:
        return self.record.name

    def to_json(self) -> dict[str, Any]:
        """Docker's Volume."""
        created = datetime.fromtimestamp(self.record.created // 1_000_000_000, UTC)
        return {
            "CreatedAt": f"{created:%Y-%m-%dT%H:%M:%SZ}",
            "Driver": "local",
            "Labels": self.record.labels,
            "Mountpoint": str(self.mountpoint),
            "Name": self.name,
            "Options": None,
            "Scope": "local",
        }


def check_name(name: str) -> None:
    """Raise InvalidParameter, in Docker's words, for a name that can't be a folder's and nothing else."""
    if len(name) < 2:
        raise InvalidParameter(
            f"create {name}: volume name is too short, names should be at least two alphanumeric characters"
        )
    if len(name) > _NAME_LIMIT:
        raise InvalidParameter(f"create {name[:32]}…: volume name is longer than {_NAME_LIMIT} characters")
    if not NAME_PATTERN.fullmatch(name):
        raise InvalidParameter(
            f'create {name}: "{name}" includes invalid characters for a local volume name, only '
            f'"[a-zA-Z0-9][a-zA-Z0-9_.-]" are allowed. If you intended to pass a host directory, use absolute path'
        )
