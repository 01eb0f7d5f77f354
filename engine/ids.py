"""Identifiers and names, as Docker writes them."""

import re
import secrets
from typing import Final

from engine.errors import InvalidParameter

#: What a container, a volume or a network may be called (Docker's restricted name pattern).
NAME_PATTERN: Final = re.compile(r"[a-zA-Z0-9][a-zA-Z0-9_.-]+")
SHORT_ID_LENGTH: Final = 12

_LEFT: Final = (
    "amber", "bold", "brave", "bright", "brisk", "calm", "clever", "coastal", "eager", "fair", "fleet", "gentle",
    "golden", "happy", "harbour", "jolly", "keen", "kind", "lively", "lucid", "merry", "mighty", "nimble", "noble",
    "patient", "proud", "quick", "quiet", "ready", "salty", "sharp", "silent", "steady", "sunny", "swift", "tidal",
    "tidy", "trusty", "upbeat", "vivid", "warm", "wise", "witty", "zealous",
)  # fmt: skip
_RIGHT: Final = (
    "anchor", "bahnson", "beacon", "bosun", "bowsprit", "buoy", "captain", "compass", "cook", "cousteau", "dinghy",
    "drake", "earle", "elcano", "erikson", "ferry", "frigate", "galley", "gennaker", "halyard", "hopper", "jib",
    "keel", "ketch", "lighthouse", "magellan", "mariner", "mcclintock", "nansen", "pilot", "rudder", "sextant",
    "shackleton", "skipper", "sloop", "slocum", "spinnaker", "starboard", "tabei", "tiller", "tugboat", "yawl",
    "zheng",
)  # fmt: skip


def random_id() -> str:
    """A new object ID: 64 lower-case hexadecimal digits.

    An ID whose first twelve digits are all decimal is not given out: as a host name it would read as a number.
    """
    while True:
        candidate = secrets.token_hex(32)
        if not candidate[:SHORT_ID_LENGTH].isdigit():
            return candidate


def short_id(full: str) -> str:
    """The twelve digits that people see; a leading `sha256:` is dropped."""
    return full.removeprefix("sha256:")[:SHORT_ID_LENGTH]


def random_name() -> str:
    """A readable name for a container that was given none, such as `brisk_halyard`; it may be taken already."""
    return f"{secrets.choice(_LEFT)}_{secrets.choice(_RIGHT)}"


def check_name(kind: str, name: str) -> str:
    """Return `name` when it may name a `kind` of object; raises InvalidParameter in Docker's words otherwise."""
    if not NAME_PATTERN.fullmatch(name):
        raise InvalidParameter(f"Invalid {kind} name ({name}), only [a-zA-Z0-9][a-zA-Z0-9_.-] are allowed")
    return name
