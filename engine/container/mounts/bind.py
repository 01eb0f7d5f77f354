"""`-v`: binds and volumes in one line."""

from typing import Final, NamedTuple

from engine.container.mounts.paths import clean, destination_of
from engine.container.mounts.request import VolumeRequest
from engine.container.record import MountedVolume
from engine.errors import InvalidParameter
from engine.ids import NAME_PATTERN

PROPAGATIONS: Final = frozenset({"private", "rprivate", "shared", "rshared", "slave", "rslave"})


def parse_bind(text: str) -> VolumeRequest:
    """Read `source:destination[:options]` (or `destination` alone: an anonymous volume)."""
    parts = text.split(":")
    if len(parts) > 3 or not all(parts):
        raise InvalidParameter(f"invalid volume specification: '{text}'")
    if len(parts) == 1:
        return anonymous(destination_of(text, text))
    source, destination = parts[0], destination_of(parts[1], text)
    options = Options.parse(parts[2] if len(parts) == 3 else "", text)
    if source.startswith("/"):
        bind = MountedVolume(
            kind="bind", source=clean(source), destination=destination, mode=options.mode,
            read_only=options.read_only, propagation=options.propagation or "rprivate",
        )  # fmt: skip
        return VolumeRequest(bind, bind.source, {})
    return named(source, destination, options, text)


class Options(NamedTuple):
    mode: str
    read_only: bool
    propagation: str
    copy_up: bool

    @classmethod
    def parse(cls, text: str, whole: str) -> "Options":
        words = [word for word in text.split(",") if word]
        unknown = set(words) - PROPAGATIONS - {"ro", "rw", "z", "Z", "nocopy", "consistent", "cached", "delegated"}
        if unknown or {"ro", "rw"} <= set(words):
            raise InvalidParameter(f"invalid mode: {text} (in volume specification '{whole}')")
        propagation = next((word for word in words if word in PROPAGATIONS), "")
        return cls(text, "ro" in words, propagation, "nocopy" not in words)


def anonymous(destination: str) -> VolumeRequest:
    mounted = MountedVolume(kind="volume", destination=destination, copy_up=True, anonymous=True)
    return VolumeRequest(mounted, "", {})


def named(name: str, destination: str, options: Options, text: str) -> VolumeRequest:
    if not NAME_PATTERN.fullmatch(name):
        raise InvalidParameter(
            f'create {name}: "{name}" includes invalid characters for a local volume name, only '
            f'"[a-zA-Z0-9][a-zA-Z0-9_.-]" are allowed. If you intended to pass a host directory, use absolute path'
        )
    if options.propagation:
        raise InvalidParameter(f"invalid mode: {options.mode} (in volume specification '{text}')")
    mounted = MountedVolume(
        kind="volume", destination=destination, name=name, mode=options.mode or "z",
        read_only=options.read_only, copy_up=options.copy_up,
    )  # fmt: skip
    return VolumeRequest(mounted, name, {})
