"""Whom a container's process runs as: `-u` in all its forms, looked up in the image's own tables."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from engine.container import rootfs
from engine.errors import InvalidParameter

_HIGHEST: Final = 2**31 - 1


@dataclass(frozen=True, slots=True)
class Identity:
    """Numbers only: the kernel knows nothing else. `home` is the user's home folder in the container."""

    uid: int
    gid: int
    groups: tuple[int, ...] = ()
    home: str = "/"

    def to_oci(self) -> dict[str, object]:
        return {"uid": self.uid, "gid": self.gid, "additionalGids": list(self.groups)}


def resolve(root: Path, user: str, extra_groups: Iterable[str] = ()) -> Identity:
    """Read `user` (`name`, `uid`, `name:group`, `uid:gid`, empty for root) in the root filesystem `root`.

    A group named in `user` replaces the user's supplementary groups, as in Docker. Raises InvalidParameter when a
    name is in no table (a number needs no entry) or a number is out of range.
    """
    passwd, group = rootfs.read_table(root, "/etc/passwd"), rootfs.read_table(root, "/etc/group")
    user_part, _, group_part = user.partition(":")
    entry = _find(passwd, user_part or "0", columns=7)
    uid = _number(user_part or "0", entry, "user", "passwd")
    gid = _as_id(entry[3]) if entry else 0
    groups = [] if group_part or not entry else _memberships(group, entry[0])
    if group_part:
        gid = _group(group, group_part)
    additional = {gid, *groups, *(_group(group, name) for name in extra_groups)}
    return Identity(uid, gid, tuple(sorted(additional)), (entry[5] if entry else "") or "/")


def _find(table: Sequence[Sequence[str]], key: str, *, columns: int) -> Sequence[str] | None:
    """A name wins over a number; a row that is too short says nothing."""
    rows = [row for row in table if len(row) >= columns]
    by_name = next((row for row in rows if row[0] == key), None)
    return by_name or next(
        (row for row in rows if key.isdigit() and row[2].isdigit() and int(row[2]) == int(key)), None
    )


def _group(table: Sequence[Sequence[str]], key: str) -> int:
    return _number(key, _find(table, key, columns=4), "group", "group")


def _number(key: str, entry: Sequence[str] | None, what: str, table: str) -> int:
    if entry is not None:
        return _as_id(entry[2])
    if not key.isdigit():
        raise InvalidParameter(f"unable to find {what} {key}: no matching entries in {table} file")
    return _as_id(key)


def _as_id(text: str) -> int:
    if not text.isdigit() or int(text) > _HIGHEST:
        raise InvalidParameter(f"uids and gids must be in range 0-{_HIGHEST}, not {text!r}")
    return int(text)


def _memberships(table: Sequence[Sequence[str]], name: str) -> list[int]:
    return [int(row[2]) for row in table if len(row) >= 4 and row[2].isdigit() and name in row[3].split(",")]
