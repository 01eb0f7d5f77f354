"""Reads `--mount=type=…,target=…`: comma-separated options, quoted as CSV is."""

import csv
from collections.abc import Callable
from typing import Any, Final, TypeVar

from engine.build.dockerfile.errors import SyntaxProblem
from engine.build.dockerfile.flags import suggestion
from engine.build.dockerfile.mount import Mount, MountType, Sharing
from engine.build.dockerfile.quantities import size

Expander = Callable[[str], str]
E = TypeVar("E", MountType, Sharing)

_ALIASES: Final = {"src": "source", "dst": "target", "destination": "target", "ro": "readonly", "rw": "readwrite"}
_BARE: Final = frozenset({"readonly", "readwrite", "required"})
#: Which options each type knows, beside `type`.
_OWN: Final = {
    MountType.BIND: frozenset({"target", "source", "from", "readonly", "readwrite"}),
    MountType.CACHE: frozenset(
        {"id", "target", "readonly", "readwrite", "sharing", "from", "source", "mode", "uid", "gid"}
    ),
    MountType.TMPFS: frozenset({"target", "size", "readonly", "readwrite"}),
    MountType.SECRET: frozenset({"id", "source", "target", "required", "mode", "uid", "gid", "env"}),
    MountType.SSH: frozenset({"id", "source", "target", "required", "mode", "uid", "gid"}),
}
_ALL: Final = sorted(frozenset().union(*_OWN.values()) | {"type"})
_WRITABLE: Final = frozenset({MountType.CACHE, MountType.TMPFS})


def read_mount(text: str, expander: Expander | None = None) -> Mount:
    """The mount that a flag's value describes. Raises SyntaxProblem.

    Without an `expander`, options with a variable in them stay unread, and what depends on them unchecked.
    """
    options = _options(text)
    is_whole = expander is not None or not any("$" in value for value in options.values())
    if expander is None and "$" in options.get("from", ""):
        raise SyntaxProblem("'from' doesn't support variable expansion, define alias stage instead")
    given = {
        key: expander(value) if expander else value for key, value in options.items() if expander or "$" not in value
    }
    mount = Mount(**_fields(given, is_whole=is_whole), written=text)
    if is_whole:
        _check(mount, given)
    return mount


def _options(text: str) -> dict[str, str]:
    """Values by full option names; a bare `ro`, `rw` or `required` is true."""
    try:
        (row,) = csv.reader([text], strict=True)
    except (csv.Error, ValueError) as error:
        raise SyntaxProblem(f"failed to parse csv mounts: {error}") from error
    found = {}
    for part in row:
        written, has_value, value = part.partition("=")
        key = _ALIASES.get(written.lower(), written.lower())
        if key not in _ALL:
            raise SyntaxProblem(f"unexpected key '{written.lower()}' in '{part}'{suggestion(written, _ALL)}")
        if not has_value and key not in _BARE:
            raise SyntaxProblem(f"invalid field '{part}' must be a key=value pair")
        found[key] = value if has_value else "true"
    return found


def _fields(given: dict[str, str], *, is_whole: bool) -> dict[str, Any]:
    kind = _member(MountType, given.get("type", MountType.BIND), "mount type")
    fields: dict[str, Any] = {"type": kind, "readonly": kind not in _WRITABLE}
    for key, value in given.items():
        if is_whole and key != "type" and key not in _OWN[kind]:
            raise SyntaxProblem(f"unexpected key '{key}' for mount type '{kind}'")
        fields |= _field(key, value)
    return fields


def _field(key: str, value: str) -> dict[str, Any]:
    match key:
        case "type":
            return {}
        case "from":
            return {"from_": value}
        case "readwrite":
            return {"readonly": not _boolean(key, value)}
        case _:
            return {key: _READ[key](key, value) if key in _READ else value}


def _boolean(key: str, value: str) -> bool:
    if value in {"1", "t", "T", "true", "TRUE", "True"}:
        return True
    if value in {"0", "f", "F", "false", "FALSE", "False"}:
        return False
    raise SyntaxProblem(f"invalid value for {key}: {value}")


def _number(key: str, value: str) -> int:
    base = 8 if key == "mode" else 10
    if not (value.isascii() and value.isdigit()) or len(value) > 11 or (base == 8 and set(value) & {"8", "9"}):
        raise SyntaxProblem(f"invalid value {value} for {key}")
    number = int(value, base)
    if number >= (0o10000 if base == 8 else 2**32 - 1):
        raise SyntaxProblem(f"invalid value {value} for {key}")
    return number


def _member(kind: type[E], value: str, what: str) -> E:
    try:
        return kind(value.lower())
    except ValueError:
        members = [str(member) for member in kind]
        raise SyntaxProblem(f'unsupported {what} "{value}"{suggestion(value, members)}') from None


_READ: Final[dict[str, Callable[[str, str], object]]] = {
    "readonly": _boolean,
    "required": _boolean,
    "size": lambda _, value: size(value),
    "sharing": lambda _, value: _member(Sharing, value, "sharing value"),
    "mode": _number,
    "uid": _number,
    "gid": _number,
}


def _check(mount: Mount, given: dict[str, str]) -> None:
    if mount.type is MountType.SECRET and not ({"id", "source", "target"} & given.keys()):
        raise SyntaxProblem("invalid secret mount. one of source, target required")
    if mount.type is MountType.SECRET and mount.source and mount.id:
        raise SyntaxProblem("both source and id can't be set")
    if mount.type in {MountType.BIND, MountType.CACHE, MountType.TMPFS} and not mount.target:
        raise SyntaxProblem(f"--mount=type={mount.type} needs a target")


def expanded(mount: Mount, expander: Expander) -> Mount:
    """The mount with the variables in its options replaced."""
    return read_mount(mount.written, expander) if "$" in mount.written else mount
