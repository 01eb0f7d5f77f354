"""From `-v`, `--mount`, `--volumes-from` and the image's VOLUMEs to the container's mounts.

Parsing and checking: nothing is mounted here.
"""

from collections.abc import Callable, Iterable, Sequence
from typing import Any

from engine.container.checks.targets import check_mount
from engine.container.config import HostConfig
from engine.container.mounts.bind import anonymous, parse_bind
from engine.container.mounts.inherited import inherited
from engine.container.mounts.mount import parse_mount
from engine.container.mounts.paths import destination_of
from engine.container.mounts.request import VolumeRequest
from engine.container.mounts.tmpfs import merged_options
from engine.container.record import MountedVolume
from engine.errors import InvalidParameter

__all__ = ["VolumeRequest", "merged_options", "parse_bind", "parse_mount", "requested", "to_json"]

#: The mounts of another container, by its name or ID; raises NotFound.
MountsOf = Callable[[str], Sequence[MountedVolume]]


def requested(host: HostConfig, image_volumes: Iterable[str], mounts_of: MountsOf) -> list[VolumeRequest]:
    """All mounts of a create request, one a destination.

    `-v` and `--mount` may not name one destination twice (InvalidParameter, "Duplicate mount point"); what another
    container lends (`--volumes-from`) gives way to them, and an image's or the request's VOLUME to all of these.
    """
    explicit = [parse_bind(bind) for bind in host.binds or ()]
    explicit += [parse_mount(mount) for mount in host.mounts or ()]
    tmpfs = [destination_of(target, target) for target in host.tmpfs or {}]
    for options in (host.tmpfs or {}).values():
        merged_options(options.split(","))
    _check_once([*(request.mount.destination for request in explicit), *tmpfs])
    lent = inherited(host.volumes_from or (), mounts_of)
    by_destination = {request.mount.destination: request for request in (*lent, *explicit)}
    for target in tmpfs:
        by_destination.pop(target, None)
    taken = {*by_destination, *tmpfs}
    own = [destination_of(target, target) for target in image_volumes]
    wanted = [*by_destination.values(), *(anonymous(target) for target in dict.fromkeys(own) if target not in taken)]
    for request in wanted:
        check_mount(request.mount)
    return wanted


def _check_once(destinations: Sequence[str]) -> None:
    seen: set[str] = set()
    for destination in destinations:
        if destination in seen:
            raise InvalidParameter(f"Duplicate mount point: {destination}")
        seen.add(destination)


def to_json(mounted: MountedVolume) -> dict[str, Any]:
    """Docker's MountPoint."""
    row: dict[str, Any] = {"Type": mounted.kind}
    if mounted.kind == "volume":
        row["Name"] = mounted.name
    row |= {"Source": mounted.source, "Destination": mounted.destination}
    if mounted.kind == "volume":
        row["Driver"] = "local"
    propagation = mounted.propagation if mounted.kind == "bind" else ""
    return row | {"Mode": mounted.mode, "RW": not mounted.read_only, "Propagation": propagation}
