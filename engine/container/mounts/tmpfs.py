"""The options of a tmpfs, of `--tmpfs` and of `--mount type=tmpfs`."""

from collections.abc import Iterable
from typing import Final

from engine.errors import InvalidParameter

_FLAGS: Final = frozenset(
    {"defaults", "ro", "rw", "suid", "nosuid", "dev", "nodev", "exec", "noexec", "sync", "async", "dirsync", "atime",
     "noatime", "diratime", "nodiratime", "relatime", "norelatime", "strictatime", "nostrictatime"}
)  # fmt: skip
_SETTINGS: Final = frozenset({"size", "mode", "uid", "gid", "nr_inodes", "nr_blocks", "mpol"})
_GUARDS: Final = ("noexec", "nosuid", "nodev")


def merged_options(words: Iterable[str]) -> tuple[str, ...]:
    """The options asked for, after Docker's guards that they do not lift.

    Raises InvalidParameter, in Docker's words, for one that a tmpfs has not.
    """
    given = tuple(word for word in words if word and word != "defaults")
    for word in given:
        name, equals, value = word.partition("=")
        if name not in (_SETTINGS if equals else _FLAGS):
            shown = f'"{name}" "{value}"' if equals else f'"{name}"'
            raise InvalidParameter(f"invalid tmpfs option [{shown}]")
    kept = (guard for guard in _GUARDS if guard.removeprefix("no") not in given and guard not in given)
    return (*kept, *given)
