"""From `-v`, `--mount` and the image's VOLUMEs to the container's mounts: parsing and checking, nothing mounted."""

from collections.abc import Iterable, Mapping
from pathlib import Path, PurePosixPath
from typing import Any, Final, NamedTuple

from engine.container.config import HostConfig, Mount
from engine.container.record import MountedVolume
from engine.errors import InvalidParameter, NotSupported
from engine.ids import NAME_PATTERN

_PROPAGATIONS: Final = frozenset({"private", "rprivate", "shared", "rshared", "slave", "rslave"})


class VolumeRequest(NamedTuple):
    """A mount as asked for. For a volume `source` is its name, empty for a new anonymous one."""

    mount: MountedVolume
    source: str
    labels: Mapping[str, str]


def requested(host: HostConfig, image_volumes: Iterable[str]) -> list[VolumeRequest]:
    """All mounts of a create request, one a destination.

    `-v` and `--mount` may not name one destination twice (InvalidParameter, "Duplicate mount point"); an image's or
    the request's VOLUME gives way to them.
    """
    explicit = [parse_bind(bind) for bind in host.binds or ()]
    explicit += [parse_mount(mount) for mount in host.mounts or ()]
    by_destination: dict[str, VolumeRequest] = {}
    for request in explicit:
        if request.mount.destination in by_destination:
            raise InvalidParameter(f"Duplicate mount point: {request.mount.destination}")
        by_destination[request.mount.destination] = request
    taken = {*by_destination, *map(_clean, host.tmpfs or ())}
    for target in image_volumes:
        destination = _destination(target, target)
        if destination not in taken:
            by_destination[destination] = _anonymous(destination)
    return list(by_destination.values())


def parse_bind(text: str) -> VolumeRequest:
    """Read `source:destination[:options]` (or `destination` alone: an anonymous volume)."""
    parts = text.split(":")
    if len(parts) > 3 or not all(parts):
        raise InvalidParameter(f"invalid volume specification: '{text}'")
    if len(parts) == 1:
        return _anonymous(_destination(text, text))
    source, destination = parts[0], _destination(parts[1], text)
    options = _Options.parse(parts[2] if len(parts) == 3 else "", text)
    if source.startswith("/"):
        bind = MountedVolume(
            kind="bind", source=_clean(source), destination=destination, mode=options.mode,
            read_only=options.read_only, propagation=options.propagation or "rprivate",
        )  # fmt: skip
        return VolumeRequest(bind, bind.source, {})
    return _named(source, destination, options, text)


def parse_mount(mount: Mount) -> VolumeRequest:
    """Read one `--mount`."""
    destination = _destination(mount.target, mount.target)
    if mount.type == "bind":
        return _mount_bind(mount, destination)
    if mount.type == "tmpfs":
        return VolumeRequest(_mount_tmpfs(mount, destination), "", {})
    if mount.type == "volume":
        return _mount_volume(mount, destination)
    if mount.type in {"image", "npipe", "cluster"}:
        raise NotSupported(f'mount type "{mount.type}" is not supported')
    raise InvalidParameter(f'invalid mount config: mount type unknown: "{mount.type}"')


class _Options(NamedTuple):
    mode: str
    read_only: bool
    propagation: str
    copy_up: bool

    @classmethod
    def parse(cls, text: str, whole: str) -> "_Options":
        words = [word for word in text.split(",") if word]
        unknown = set(words) - _PROPAGATIONS - {"ro", "rw", "z", "Z", "nocopy", "consistent", "cached", "delegated"}
        if unknown or {"ro", "rw"} <= set(words):
            raise InvalidParameter(f"invalid mode: {text} (in volume specification '{whole}')")
        propagation = next((word for word in words if word in _PROPAGATIONS), "")
        return cls(text, "ro" in words, propagation, "nocopy" not in words)


def _anonymous(destination: str) -> VolumeRequest:
    mounted = MountedVolume(kind="volume", destination=destination, copy_up=True, anonymous=True)
    return VolumeRequest(mounted, "", {})


def _named(name: str, destination: str, options: _Options, text: str) -> VolumeRequest:
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


def _mount_bind(mount: Mount, destination: str) -> VolumeRequest:
    problem = 'invalid mount config for type "bind": '
    if mount.volume_options or mount.tmpfs_options:
        raise InvalidParameter(f"{problem}options of another mount type are set")
    if not mount.source.startswith("/"):
        raise InvalidParameter(f"{problem}invalid mount path: '{mount.source}' mount path must be absolute")
    options = mount.bind_options
    if not Path(mount.source).exists() and not (options and options.create_mountpoint):
        raise InvalidParameter(f"{problem}bind source path does not exist: {mount.source}")
    propagation = (options.propagation if options else "") or "rprivate"
    if propagation not in _PROPAGATIONS:
        raise InvalidParameter(f"{problem}invalid propagation mode: {propagation}")
    bind = MountedVolume(
        kind="bind", source=_clean(mount.source), destination=destination, read_only=mount.read_only,
        propagation=propagation,
    )  # fmt: skip
    return VolumeRequest(bind, bind.source, {})


def _mount_volume(mount: Mount, destination: str) -> VolumeRequest:
    options = mount.volume_options
    if mount.bind_options or mount.tmpfs_options:
        raise InvalidParameter('invalid mount config for type "volume": options of another mount type are set')
    copy_up = not (options and options.no_copy)
    labels = (options.labels if options else None) or {}
    if not mount.source:
        anonymous = MountedVolume(
            kind="volume", destination=destination, read_only=mount.read_only, copy_up=copy_up, anonymous=True
        )
        return VolumeRequest(anonymous, "", labels)
    mode = _Options("z", mount.read_only, "", copy_up)
    return _named(mount.source, destination, mode, mount.source)._replace(labels=labels)


def _mount_tmpfs(mount: Mount, destination: str) -> MountedVolume:
    if mount.source:
        raise InvalidParameter('invalid mount config for type "tmpfs": field Source must not be specified')
    words = ["noexec", "nosuid", "nodev"]
    if options := mount.tmpfs_options:
        words += [f"size={options.size_bytes}"] if options.size_bytes else []
        words += [f"mode={options.mode:o}"] if options.mode else []
    return MountedVolume(kind="tmpfs", destination=destination, read_only=mount.read_only, options=tuple(words))


def _destination(path: str, whole: str) -> str:
    if not path.startswith("/"):
        raise InvalidParameter(
            f"invalid volume specification: '{whole}': invalid mount path: '{path}' mount path must be absolute"
        )
    cleaned = _clean(path)
    if cleaned == "/":
        raise InvalidParameter(f"invalid volume specification: '{whole}': destination can't be '/'")
    return cleaned


def _clean(path: str) -> str:
    """Without `.`, `..` and doubled slashes; the path is absolute, so `..` can't lead above the root."""
    parts: list[str] = []
    for part in PurePosixPath(path).parts[1:]:
        if part == "..":
            del parts[-1:]
        else:
            parts.append(part)
    return "/" + "/".join(parts)


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
