"""`--mount`: one mount, field by field."""

import os
import stat
from pathlib import Path
from typing import Final

from engine.container.config import BindOptions, Mount, VolumeOptions
from engine.container.mounts.bind import PROPAGATIONS, Options, named
from engine.container.mounts.paths import clean, destination_of
from engine.container.mounts.request import VolumeRequest
from engine.container.mounts.tmpfs import merged_options
from engine.container.record import MountedVolume
from engine.errors import InvalidParameter, NotSupported
from engine.linux import syscalls

_BIND: Final = 'invalid mount config for type "bind": '
_VOLUME: Final = 'invalid mount config for type "volume": '


def parse_mount(mount: Mount) -> VolumeRequest:
    """Read one `--mount`. Raises InvalidParameter and NotSupported."""
    destination = destination_of(mount.target, mount.target)
    if mount.type == "bind":
        return _bind(mount, destination)
    if mount.type == "tmpfs":
        return VolumeRequest(_tmpfs(mount, destination), "", {})
    if mount.type == "volume":
        return _volume(mount, destination)
    if mount.type in {"image", "npipe", "cluster"}:
        raise NotSupported(f'mount type "{mount.type}" is not supported')
    raise InvalidParameter(f'invalid mount config: mount type unknown: "{mount.type}"')


def _bind(mount: Mount, destination: str) -> VolumeRequest:
    if mount.volume_options or mount.tmpfs_options:
        raise InvalidParameter(f"{_BIND}options of another mount type are set")
    if not mount.source.startswith("/"):
        raise InvalidParameter(f"{_BIND}invalid mount path: '{mount.source}' mount path must be absolute")
    options = mount.bind_options or BindOptions()
    if not Path(mount.source).exists() and not options.create_mountpoint:
        raise InvalidParameter(f"{_BIND}bind source path does not exist: {mount.source}")
    propagation = options.propagation or "rprivate"
    if propagation not in PROPAGATIONS:
        raise InvalidParameter(f"{_BIND}invalid propagation mode: {propagation}")
    _check_recursion(mount, options, propagation)
    bind = MountedVolume(
        kind="bind", source=clean(mount.source), destination=destination, read_only=mount.read_only,
        propagation=propagation, options=("bind",) if options.non_recursive else (),
        shallow_read_only=options.read_only_non_recursive,
    )  # fmt: skip
    return VolumeRequest(bind, bind.source, {})


def _check_recursion(mount: Mount, options: BindOptions, propagation: str) -> None:
    """Docker's rules for `bind-recursive`; `readonly` is a promise about the mounts below, so it is kept or refused."""
    if options.read_only_non_recursive and options.read_only_force_recursive:
        raise InvalidParameter(f"{_BIND}ReadOnlyNonRecursive and ReadOnlyForceRecursive conflict")
    if (options.read_only_non_recursive or options.read_only_force_recursive) and not mount.read_only:
        raise InvalidParameter(f"{_BIND}mount must be read-only to say how its submounts are")
    if not options.read_only_force_recursive:
        return
    if propagation != "rprivate":
        raise InvalidParameter(f"{_BIND}ReadOnlyForceRecursive needs the propagation rprivate, not {propagation}")
    if options.non_recursive:
        raise InvalidParameter(f"{_BIND}ReadOnlyForceRecursive and NonRecursive conflict")
    if not syscalls.has_mount_setattr():
        release = os.uname().release
        raise InvalidParameter(f"{_BIND}ReadOnlyForceRecursive needs Linux 5.12 (mount_setattr); this is {release}")


def _volume(mount: Mount, destination: str) -> VolumeRequest:
    if mount.bind_options or mount.tmpfs_options:
        raise InvalidParameter(f"{_VOLUME}options of another mount type are set")
    options = mount.volume_options or VolumeOptions()
    _check_driver(options)
    if not mount.source:
        anonymous = MountedVolume(
            kind="volume", destination=destination, read_only=mount.read_only, copy_up=not options.no_copy,
            anonymous=True,
        )  # fmt: skip
        if options.subpath:
            raise InvalidParameter(f"{_VOLUME}subpath is not allowed for an anonymous volume")
        return VolumeRequest(anonymous, "", options.labels or {})
    mode = Options("z", mount.read_only, "", not options.no_copy and not options.subpath)
    request = named(mount.source, destination, mode, mount.source)
    subpath = _subpath(options.subpath)
    wanted = MountedVolume(
        kind="volume", destination=destination, name=mount.source, mode="z", read_only=mount.read_only,
        copy_up=mode.copy_up, subpath=subpath,
    )  # fmt: skip
    return request._replace(mount=wanted, labels=options.labels or {})


def _subpath(text: str) -> str:
    """Relative, and not out of the volume even before links are looked at; the kernel sees to those at the start."""
    if text.startswith("/") or ".." in text.split("/") or "\0" in text:
        raise InvalidParameter(f"{_VOLUME}subpath must be a relative path within the volume: {text!r}")
    return text


def _check_driver(options: VolumeOptions) -> None:
    driver = options.driver_config
    if driver is None:
        return
    if driver.name not in {"", "local"}:
        raise InvalidParameter(f'error looking up volume plugin {driver.name}: plugin "{driver.name}" not found')
    if driver.options:
        names = ", ".join(sorted(driver.options))
        raise NotSupported(f"{_VOLUME}driver options in --mount are not supported: {names} (make the volume first)")


def _tmpfs(mount: Mount, destination: str) -> MountedVolume:
    if mount.source:
        raise InvalidParameter('invalid mount config for type "tmpfs": field Source must not be specified')
    words: list[str] = []
    if options := mount.tmpfs_options:
        words += [f"size={options.size_bytes}"] if options.size_bytes else []
        words += [f"mode={stat.S_IMODE(options.mode):o}"] if options.mode else []
        words += ["=".join(option) for option in options.options or ()]
    return MountedVolume(
        kind="tmpfs", destination=destination, read_only=mount.read_only, options=merged_options(words)
    )
