"""`--chown` and `--chmod`: whose the copied files are, and what may be done with them."""

import re
from pathlib import Path
from typing import Final

from engine.build.worker.errors import Refusal
from engine.container import user
from engine.errors import InvalidParameter

_SYMBOLIC: Final = re.compile(r"([ugoa]*)((?:[-+=](?:[rwxXst]*|[ugo]))+)")
_ACTION: Final = re.compile(r"([-+=])([rwxXst]+|[ugo]?)")
_WHO: Final = {"u": 0o4700, "g": 0o2070, "o": 0o1007, "a": 0o7777}
_BITS: Final = {"r": 0o444, "w": 0o222, "x": 0o111, "s": 0o6000, "t": 0o1000}
_SHIFT: Final = {"u": 6, "g": 3, "o": 0}


def resolve_owner(root: Path, chown: str) -> tuple[int, int]:
    """`user[:group]` by the tables in the root filesystem; a user's number alone is its group's too, as in BuildKit.

    Raises Refusal for a name that is in no table.
    """
    name, _, group = chown.partition(":")
    if name.isdigit() and not group:
        chown = f"{name}:{name}"
    try:
        identity = user.resolve(root, chown)
    except InvalidParameter as error:
        raise Refusal(f"unable to convert uid/gid chown string to host mapping: {error.message}") from error
    return identity.uid, identity.gid


def changed_mode(text: str, mode: int, *, is_folder: bool) -> int:
    """The permission bits after `--chmod=text`, octal or symbolic (`u=rwX,go-w`). Raises Refusal."""
    if re.fullmatch("[0-7]{1,5}", text) and int(text, 8) <= 0o7777:
        return int(text, 8)
    for clause in text.split(","):
        match = _SYMBOLIC.fullmatch(clause)
        if match is None:
            raise Refusal(f"invalid chmod parameter: '{text}'. it should be octal string and between 0 and 07777")
        for operator, rights in _ACTION.findall(match[2]):
            mode = _apply(mode, match[1] or "a", operator, rights, is_folder=is_folder)
    return mode


def _apply(mode: int, who: str, operator: str, rights: str, *, is_folder: bool) -> int:
    reach = 0
    for letter in who:
        reach |= _WHO[letter]
    bits = _rights(mode, rights, is_folder=is_folder) & reach
    if operator == "+":
        return mode | bits
    if operator == "-":
        return mode & ~bits
    kept = 0o6000 if is_folder else 0  # a folder's set-id bits stay unless they are named, as with chmod(1)
    return mode & (~reach | kept) | bits


def _rights(mode: int, rights: str, *, is_folder: bool) -> int:
    if rights in _SHIFT:
        return (mode >> _SHIFT[rights] & 7) * 0o111
    bits = 0
    for letter in rights:
        if letter != "X":
            bits |= _BITS[letter]
        elif is_folder or mode & 0o111:
            bits |= 0o111
    return bits
