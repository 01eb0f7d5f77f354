"""A folder in a container, asked of its engine."""

import json
import stat
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from http import HTTPStatus
from posixpath import dirname, join, normpath
from typing import Any, Final, Self

from dashboard.hosts.client import EngineFailure, engine, stream
from dashboard.hosts.models import Host
from dashboard.hosts.times import read_time

_KINDS: Final = {"file": stat.S_IFREG, "dir": stat.S_IFDIR, "link": stat.S_IFLNK}
#: What Docker answers to an address that it doesn't know; a path that is not there has another text.
_NO_ROUTE: Final = "page not found"


@dataclass(frozen=True)
class Entry:
    """One thing in the folder; `mode` as `ls` writes it, `size` in bytes."""

    name: str
    path: str
    kind: str
    size: int
    mode: str
    changed: datetime | None
    target: str

    @classmethod
    def from_json(cls, folder: str, entry: Mapping[str, Any]) -> Self:
        kind = str(entry["type"])
        return cls(
            name=entry["name"],
            path=join(folder, entry["name"]),
            kind=kind,
            size=int(entry["size"]),
            mode=stat.filemode(_KINDS.get(kind, 0) | int(entry["mode"])),
            changed=read_time(entry["mtime"]),
            target=entry.get("target") or "",
        )

    @property
    def is_folder(self) -> bool:
        return self.kind == "dir"


@dataclass(frozen=True)
class Folder:
    """What is at `path`, folders first; `above` is the folder that it is in, itself at the root."""

    path: str
    entries: tuple[Entry, ...]
    is_truncated: bool

    @property
    def above(self) -> str:
        return dirname(self.path)

    @property
    def steps(self) -> list[tuple[str, str]]:
        """(name, path) of each folder on the way, from below the root on."""
        names = [name for name in self.path.split("/") if name]
        return [(name, "/" + "/".join(names[: place + 1])) for place, name in enumerate(names)]


async def list_folder(host: Host, container_id: str, path: str) -> Folder | None:
    """None where the engine can't tell: Docker has no such route. Raises EngineFailure."""
    try:
        params = {"path": normpath("/" + path.lstrip("/"))}
        async with engine(host) as docker, stream(docker, f"containers/{container_id}/files", params) as body:
            answer = json.loads(await body.read())
    except EngineFailure as failure:
        if failure.status == HTTPStatus.NOT_FOUND and _NO_ROUTE in failure.message:
            return None
        raise
    entries = [Entry.from_json(answer["path"], entry) for entry in answer["entries"]]
    entries.sort(key=lambda entry: (not entry.is_folder, entry.name))
    return Folder(answer["path"], tuple(entries), bool(answer["truncated"]))


async def read_archive(host: Host, container_id: str, path: str) -> AsyncIterator[bytes]:
    """The file or folder at `path`, as a tar. Raises EngineFailure, also in the middle."""
    async with engine(host) as docker, stream(docker, f"containers/{container_id}/archive", {"path": path}) as body:
        async for piece in body.iter_any():
            yield piece
