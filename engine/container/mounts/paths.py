"""Paths in a container, as mounts name them."""

from pathlib import PurePosixPath

from engine.errors import InvalidParameter


def destination_of(path: str, whole: str) -> str:
    if not path.startswith("/"):
        raise InvalidParameter(
            f"invalid volume specification: '{whole}': invalid mount path: '{path}' mount path must be absolute"
        )
    cleaned = clean(path)
    if cleaned == "/":
        raise InvalidParameter(f"invalid volume specification: '{whole}': destination can't be '/'")
    return cleaned


def clean(path: str) -> str:
    """Without `.`, `..` and doubled slashes; the path is absolute, so `..` can't lead above the root."""
    parts: list[str] = []
    for part in PurePosixPath(path).parts[1:]:
        if part == "..":
            del parts[-1:]
        else:
            parts.append(part)
    return "/" + "/".join(parts)
