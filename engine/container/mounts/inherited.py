"""`--volumes-from`: the mounts of another container."""

from collections.abc import Callable, Iterable, Iterator, Sequence

import msgspec

from engine.container.mounts.request import VolumeRequest
from engine.container.record import MountedVolume
from engine.errors import InvalidParameter


def inherited(donors: Iterable[str], mounts_of: Callable[[str], Sequence[MountedVolume]]) -> Iterator[VolumeRequest]:
    """The binds and volumes of each donor (`name` or `name:ro`), at the same places; the image fills none again."""
    for text in donors:
        ref, _, mode = text.partition(":")
        if not ref:
            raise InvalidParameter(f"invalid volumes-from specification: '{text}'")
        if mode not in {"", "ro", "rw", "z", "Z"}:
            raise InvalidParameter(f"invalid mode: {mode}")
        for mounted in mounts_of(ref):
            if mounted.kind != "tmpfs":
                yield _lent(mounted, read_only=mode == "ro")


def _lent(mounted: MountedVolume, *, read_only: bool) -> VolumeRequest:
    mount = msgspec.structs.replace(
        mounted, read_only=mounted.read_only or read_only, copy_up=False, anonymous=False, mode=mounted.mode
    )
    return VolumeRequest(mount, mounted.name if mounted.kind == "volume" else mounted.source, {})
