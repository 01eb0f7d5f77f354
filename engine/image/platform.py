"""Platforms: what an image runs on, and which of an index's images suits this host best."""

import os
from collections.abc import Iterable
from typing import Final

import msgspec

from engine.errors import InvalidParameter, NotFound

#: The kernel's machine names in Go's words, which are OCI's. 32-bit ARM has its generation as variant.
_MACHINES: Final = {
    "x86_64": ("amd64", ""),
    "aarch64": ("arm64", "v8"),
    "armv8l": ("arm", "v8"),
    "armv7l": ("arm", "v7"),
    "armv6l": ("arm", "v6"),
    "i386": ("386", ""),
    "i686": ("386", ""),
    "ppc64le": ("ppc64le", ""),
    "s390x": ("s390x", ""),
    "riscv64": ("riscv64", ""),
    "loongarch64": ("loong64", ""),
}
_ALIASES: Final = {
    "x86_64": ("amd64", ""),
    "x86-64": ("amd64", ""),
    "aarch64": ("arm64", ""),
    "armhf": ("arm", "v7"),
    "armel": ("arm", "v6"),
    "i386": ("386", ""),
}
_SYSTEMS: Final = frozenset({"linux", "windows", "darwin", "freebsd"})
#: What stands for an empty variant, by architecture.
_IMPLIED: Final = {"arm": "v7", "arm64": "v8", "amd64": "v1"}


class Platform(msgspec.Struct, frozen=True, omit_defaults=True):
    """An image's platform, with the field names of an OCI descriptor."""

    os: str = ""
    architecture: str = ""
    variant: str = ""

    def __str__(self) -> str:
        return "/".join(part for part in (self.os, self.architecture, self.variant) if part)


def host() -> Platform:
    """The platform of this machine."""
    machine = os.uname().machine
    architecture, variant = _MACHINES.get(machine, (machine, ""))
    return Platform("linux", architecture, variant)


def parse(text: str) -> Platform:
    """Read `os[/architecture[/variant]]` or an architecture alone; raises InvalidParameter."""
    parts = text.lower().split("/")
    if not all(part.replace("-", "").replace("_", "").replace(".", "").isalnum() for part in parts) or len(parts) > 3:
        raise InvalidParameter(f'"{text}" is an invalid OS and architecture specifier')
    here = host()
    if len(parts) == 1:
        if parts[0] in _SYSTEMS:
            return Platform(parts[0], here.architecture, here.variant)
        parts = [here.os, *parts]
    architecture, implied = _ALIASES.get(parts[1], (parts[1], ""))
    if architecture not in {known for known, _ in _MACHINES.values()} and len(text.split("/")) == 1:
        raise InvalidParameter(f'"{text}": unknown operating system or architecture')
    return Platform(parts[0], architecture, parts[2] if len(parts) == 3 else implied)


def decode(text: str) -> Platform:
    """Read a platform as the API's queries have it, the JSON of an OCI descriptor's; raises InvalidParameter."""
    try:
        platform = msgspec.json.decode(text, type=Platform)
    except (msgspec.DecodeError, RecursionError, UnicodeError) as error:
        raise InvalidParameter(f"failed to parse platform: {error}") from error
    if not platform.os or not platform.architecture:
        raise InvalidParameter("both OS and Architecture must be provided")
    return platform


def require(wanted: Platform | None, actual: Platform, reference: str) -> None:
    """Raises NotFound, in Docker's words, when the image called `reference` does not run on `wanted`."""
    if wanted is not None and rank(wanted, actual) is None:
        raise NotFound(
            f"image with reference {reference} was found but its platform ({actual}) does not match the specified "
            f"platform ({wanted})"
        )


def rank(wanted: Platform, offered: Platform) -> int | None:
    """How well `offered` runs on `wanted`: 0 is best, None not at all.

    An ARM processor runs what was made for an earlier generation of it, the later the better.
    """
    if (wanted.os, wanted.architecture) != (offered.os, offered.architecture):
        return None
    want, offer = _variant(wanted), _variant(offered)
    if want == offer:
        return 0
    if wanted.architecture == "arm" and offer < want:
        return int(want[1:]) - int(offer[1:]) if want[1:].isdigit() and offer[1:].isdigit() else None
    return None


def best(wanted: Platform, offered: Iterable[Platform | None]) -> int | None:
    """The index of the offer that suits best, the first of equals; None when none does."""
    ranked = [
        (level, index)
        for index, platform in enumerate(offered)
        if platform is not None and (level := rank(wanted, platform)) is not None
    ]
    return min(ranked)[1] if ranked else None


def _variant(platform: Platform) -> str:
    return platform.variant or _IMPLIED.get(platform.architecture, "")
