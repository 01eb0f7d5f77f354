"""From a create request to a container's record: merged with the image, checked, named, its volumes made."""

import os
import platform
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Protocol

import msgspec

from engine.container import health, init, mounts, restart, spec
from engine.container.checks.limits import check_limits
from engine.container.checks.modes import check_modes
from engine.container.checks.security import check_security
from engine.container.config import ContainerConfig, HostConfig, NetworkingConfig
from engine.container.connections import wanted_endpoints
from engine.container.logs import journal
from engine.container.logs.policy import policy_of
from engine.container.record import MountedVolume, Record
from engine.container.signals import signal_number
from engine.errors import InvalidParameter, NotSupported
from engine.execdriver.driver import ExecDriver
from engine.ids import check_name, short_id
from engine.image.image import Image
from engine.linux import cgroups


@dataclass(frozen=True, kw_only=True)
class CreateRequest:
    """A create request, decoded (`engine.container.config.decode`); the API's query gives name and platform."""

    config: ContainerConfig
    host_config: HostConfig
    networking: NetworkingConfig
    name: str | None = None
    platform: str | None = None


class VolumeMaker(Protocol):
    """What creation needs of the volumes' service."""

    async def provide(self, name: str | None, labels: Mapping[str, str], container_id: str) -> tuple[str, Path]: ...


def check(request: CreateRequest) -> None:
    """Raise InvalidParameter or NotSupported for what could not be honoured when the container starts."""
    config, host = request.config, request.host_config
    if request.name is not None:
        check_name("container", request.name.removeprefix("/"))
    _check_environment(config.env or ())
    check_modes(config, host)
    _check_drivers(host)
    check_limits(host)
    spec.check_devices(host)
    restart.check_host(host)
    health.check(config.healthcheck)
    check_security(host)
    if config.stop_signal:
        signal_number(config.stop_signal)
    if config.working_dir and not config.working_dir.startswith("/"):
        raise InvalidParameter(
            f"the working directory '{config.working_dir}' is invalid, it needs to be an absolute path"
        )
    for text in (config.hostname, config.domainname):
        if len(text) > 63 or any(not (c.isascii() and (c.isalnum() or c in "-._")) for c in text):
            raise InvalidParameter(f"invalid hostname format: {text!r}")


def make_record(request: CreateRequest, image: Image, identifier: str, name: str) -> Record:
    """The record without its mounts. Raises InvalidParameter when there is nothing to run."""
    host = with_defaults(request.host_config)
    config = merge(request.config, image, identifier, host)
    record = Record(
        id=identifier,
        name=name,
        created=time.time_ns(),
        image_id=image.id,
        image_name=request.config.image,
        config=config,
        host_config=host,
        layers=tuple(image.layers),
        network=host.network_mode,
        endpoints=wanted_endpoints(request.config, host, request.networking),
    )
    if not record.argv:
        raise InvalidParameter("no command specified")
    return record


def merge(config: ContainerConfig, image: Image, identifier: str, host: HostConfig) -> ContainerConfig:
    """The request's settings, the image's where it is silent; lists and maps are joined as Docker joins them."""
    said = image.config.config
    if said is None:
        entrypoint, command = config.entrypoint, config.cmd
        merged = config
    else:
        # An entrypoint of one's own drops the image's command too; [""] is how clients say "none".
        own = config.entrypoint is not None
        entrypoint = config.entrypoint if own else said.entrypoint
        command = config.cmd or (None if own else said.cmd)
        merged = msgspec.structs.replace(
            config,
            user=config.user or said.user,
            working_dir=config.working_dir or said.working_dir,
            env=spec.merge_environment(said.env or (), config.env or ()),
            labels={**(said.labels or {}), **(config.labels or {})},
            exposed_ports={**(said.exposed_ports or {}), **(config.exposed_ports or {})},
            volumes={**(said.volumes or {}), **(config.volumes or {})},
            stop_signal=config.stop_signal or said.stop_signal,
            stop_timeout=config.stop_timeout if config.stop_timeout is not None else said.stop_timeout,
            healthcheck=health.merge(config.healthcheck, said.healthcheck),
            shell=config.shell or said.shell,
        )
    hostname = os.uname().nodename if host.uts_mode == "host" or host.network_mode == "host" else short_id(identifier)
    ports = {**(merged.exposed_ports or {}), **{port: {} for port in host.port_bindings or ()}}
    return msgspec.structs.replace(
        merged,
        hostname=config.hostname or hostname,
        entrypoint=None if entrypoint == [""] else entrypoint,
        cmd=command,
        exposed_ports=ports,
    )


def with_defaults(host: HostConfig) -> HostConfig:
    """The choices that Docker writes down for what was left open."""
    return msgspec.structs.replace(
        host,
        network_mode="bridge" if host.network_mode in {"", "default"} else host.network_mode,
        ipc_mode=host.ipc_mode or "private",
        cgroupns_mode=host.cgroupns_mode or ("private" if cgroups.is_v2() else "host"),
        pids_limit=host.pids_limit or None,
        shm_size=host.shm_size or spec.DEFAULT_SHM_SIZE,
        masked_paths=host.masked_paths if host.masked_paths is not None else [*spec.MASKED_PATHS],
        readonly_paths=host.readonly_paths if host.readonly_paths is not None else [*spec.READONLY_PATHS],
    )


def with_runtime(host: HostConfig, execution: ExecDriver) -> HostConfig:
    """Its runtime is named, and stays the same when the default becomes another. Raises InvalidParameter."""
    execution.check_runtime(host.runtime)
    return msgspec.structs.replace(host, runtime=host.runtime or execution.name)


async def provide_mounts(record: Record, volumes: VolumeMaker, mounts_of: mounts.MountsOf) -> tuple[MountedVolume, ...]:
    """Resolve all mounts of the container, making the volumes and bind sources that are missing.

    `mounts_of` gives those of another container, for `--volumes-from`.
    """
    wanted = mounts.requested(record.host_config, record.config.volumes or (), mounts_of)
    return tuple([await _provide(request, record.id, volumes) for request in wanted])


async def _provide(request: mounts.VolumeRequest, container_id: str, volumes: VolumeMaker) -> MountedVolume:
    mounted = request.mount
    if mounted.kind == "bind" and not Path(mounted.source).exists():
        Path(mounted.source).mkdir(parents=True, exist_ok=True)
    if mounted.kind != "volume":
        return mounted
    name, path = await volumes.provide(request.source or None, request.labels, container_id)
    return msgspec.structs.replace(mounted, name=name, source=str(path))


def check_platform(wanted: str | None, image: Image) -> list[str]:
    """Warnings about the platform; the kernel runs what it can."""
    here = {"x86_64": "amd64", "aarch64": "arm64"}.get(platform.machine(), platform.machine())
    theirs = f"{image.config.os or 'linux'}/{image.config.architecture or here}"
    if theirs == f"linux/{here}":
        return []
    asked = "and no specific platform was requested" if not wanted else f"({wanted} was requested)"
    return [
        f"The requested image's platform ({theirs}) does not match the detected host platform (linux/{here}) {asked}"
    ]


def _check_environment(entries: Iterable[str]) -> None:
    for entry in entries:
        if not entry or entry.startswith("="):
            raise InvalidParameter(f"invalid environment variable: {entry}")
        if "\0" in entry:
            raise InvalidParameter(f"invalid environment variable: {entry.partition('=')[0]} contains a NUL byte")


def _check_drivers(host: HostConfig) -> None:
    rows: tuple[tuple[str, str, frozenset[str]], ...] = (
        ("volume driver", host.volume_driver, frozenset({"", "local"})),
    )
    for what, value, possible in rows:
        if value not in possible:
            raise NotSupported(f"{what} {value!r} is not supported")
    if policy_of(host.log_config).journal_tag is not None:
        journal.check_present()
    if host.init:
        init.program()
    if ".." in PurePosixPath(host.cgroup_parent).parts:
        raise InvalidParameter(f"invalid cgroup parent: {host.cgroup_parent!r}")
