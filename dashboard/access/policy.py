"""What a project's people may run: what is root on the host unless somebody said that it is theirs.

The rules read the engine's own requests (`POST /containers/create`, `POST /volumes/create`), so that they hold for
whatever form, file or program the request came from. What they don't know of is not permitted.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import PurePosixPath
from posixpath import normpath
from typing import Any, Final, Self

from django.utils.translation import gettext as _

#: Networks that an engine comes with and that separate nothing from the host.
_HOST: Final = "host"
#: HostConfig's modes of a namespace.
_MODES: Final = ("NetworkMode", "PidMode", "IpcMode", "UTSMode", "UsernsMode", "CgroupnsMode")
#: Parts of HostConfig that open the host, whatever is in them.
_OPENINGS: Final = (
    "CapAdd",
    "SecurityOpt",
    "DeviceCgroupRules",
    "DeviceRequests",
    "CgroupParent",
    "VolumesFrom",
    "Sysctls",
    "Runtime",
)
#: Lists that open the host by being there, even empty: they stand for the engine's own, which hide parts of /proc.
_REPLACED: Final = ("MaskedPaths", "ReadonlyPaths")
#: Options of a bridge that say nothing to the host.
_NETWORK_OPTIONS: Final = {"com.docker.network.driver.mtu", "com.docker.network.bridge.enable_icc"}
DOCKER_HUB: Final = "docker.io"


@dataclass(frozen=True)
class Policy:
    """What is permitted beyond a plain container.

    `bind_paths` are directories of the host, each with all below it; `devices` are paths under /dev. `registries` are
    host names with `*` for a part (`*.example.com`); empty permits all. `memory` (bytes), `cpus` and `pids` are what
    one container may have at most, and then must be limited to; None sets no cap.
    """

    privileged: bool = False
    host_namespaces: bool = False
    bind_paths: tuple[str, ...] = ()
    devices: tuple[str, ...] = ()
    registries: tuple[str, ...] = ()
    memory: int | None = None
    cpus: float | None = None
    pids: int | None = None

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Self:
        """Read a project's row; what is missing is as strict as can be."""
        return cls(
            privileged=bool(data.get("privileged")),
            host_namespaces=bool(data.get("host_namespaces")),
            bind_paths=tuple(data.get("bind_paths") or ()),
            devices=tuple(data.get("devices") or ()),
            registries=tuple(data.get("registries") or ()),
            memory=data.get("memory"),
            cpus=data.get("cpus"),
            pids=data.get("pids"),
        )

    def of_image(self, reference: str) -> Iterator[str]:
        """Why `reference` may not be pulled, pushed, run or built from; nothing where it may."""
        registry = registry_of(reference)
        if self.registries and not any(fnmatchcase(registry, allowed) for allowed in self.registries):
            yield _("images of %(registry)s are not allowed") % {"registry": registry}

    def of_container(self, body: Mapping[str, Any]) -> Iterator[str]:
        """Why a container may not be made from `body`."""
        host = body.get("HostConfig") or {}
        yield from self.of_image(str(body.get("Image", "")))
        if self.privileged:
            return
        if host.get("Privileged"):
            yield _("privileged containers are not allowed")
        opened = [name for name in _OPENINGS if host.get(name)] + [name for name in _REPLACED if name in host]
        yield from (_("%(option)s is not allowed") % {"option": name} for name in opened if host[name] is not None)
        yield from self._of_namespaces(host)
        yield from self._of_binds(_sources(host))
        yield from self._of_devices(host.get("Devices") or ())
        yield from self._of_limits(host)

    def of_volume(self, body: Mapping[str, Any]) -> Iterator[str]:
        """Why a volume may not be made from `body`: a bind mount by another name is a bind mount."""
        if self.privileged:
            return
        options = {str(name).lower(): str(value) for name, value in (body.get("DriverOpts") or {}).items()}
        if (driver := body.get("Driver") or "local") != "local":
            yield _("volumes of the driver %(driver)s are not allowed") % {"driver": driver}
        elif options and set(options) != {"type", "device"} | (options.keys() & {"o"}):
            yield _("volume options are not allowed")
        elif options.get("type") != "tmpfs" and options:
            yield from self._of_volume_device(options)

    def of_network(self, body: Mapping[str, Any]) -> Iterator[str]:
        """Why a network may not be made from `body`: other drivers put containers on the host's own cables."""
        if self.privileged:
            return
        if (driver := body.get("Driver") or "bridge") != "bridge":
            yield _("networks of the driver %(driver)s are not allowed") % {"driver": driver}
        for option in sorted((body.get("Options") or {}).keys() - _NETWORK_OPTIONS):
            yield _("%(option)s is not allowed") % {"option": option}

    def _of_volume_device(self, options: Mapping[str, str]) -> Iterator[str]:
        wishes = options.get("o", "").split(",")
        if options["type"] in {"none", ""} and wishes and set(wishes) <= {"bind", "rbind", "ro", "rw"}:
            yield from self._of_binds([options["device"]])
        else:
            yield _("volumes of the type %(type)s are not allowed") % {"type": options["type"]}

    def _of_namespaces(self, host: Mapping[str, Any]) -> Iterator[str]:
        for name in _MODES:
            mode = str(host.get(name) or "")
            if mode == _HOST and not self.host_namespaces:
                yield _("%(option)s host is not allowed") % {"option": name}
            elif mode.startswith("container:"):
                yield _("%(option)s of another container is not allowed") % {"option": name}

    def _of_binds(self, sources: Iterable[str]) -> Iterator[str]:
        for source in sources:
            if not any(_is_below(source, allowed) for allowed in self.bind_paths):
                yield _("mounting %(path)s of the host is not allowed") % {"path": source}

    def _of_devices(self, devices: Iterable[Mapping[str, Any]]) -> Iterator[str]:
        for device in devices:
            path = normpath(str(device.get("PathOnHost", "")))
            if path not in self.devices:
                yield _("the device %(path)s is not allowed") % {"path": path}

    def _of_limits(self, host: Mapping[str, Any]) -> Iterator[str]:
        limits = (
            (_("memory"), self.memory, host.get("Memory")),
            (_("cpus"), self.cpus, (host.get("NanoCpus") or 0) / 1e9),
            (_("pids"), self.pids, host.get("PidsLimit")),
        )
        for name, most, asked in limits:
            if most is not None and not 0 < (asked or 0) <= most:
                yield _("%(name)s must be limited to at most %(most)s") % {"name": name, "most": most}


#: For those who may do what is root on the host.
UNLIMITED: Final = Policy(privileged=True, host_namespaces=True)


def registry_of(reference: str) -> str:
    """The registry that an image's name leads to, by the rule of distribution/reference: `docker.io` by default."""
    first, slash, _rest = reference.partition("/")
    return first if slash and ("." in first or ":" in first or first == "localhost") else DOCKER_HUB


def _sources(host: Mapping[str, Any]) -> Iterator[str]:
    """The host's paths that HostConfig mounts. An absolute name is a path; others are volumes."""
    binds = [str(bind).partition(":")[0] for bind in host.get("Binds") or ()]
    mounts = host.get("Mounts") or ()
    yield from (source for source in binds if source.startswith("/"))
    yield from (str(mount.get("Source", "")) for mount in mounts if mount.get("Type") not in {"volume", "tmpfs"})
    for mount in mounts:
        driver = (mount.get("VolumeOptions") or {}).get("DriverConfig") or {}
        if driver:
            yield str((driver.get("Options") or {}).get("device") or driver.get("Name"))


def _is_below(path: str, directory: str) -> bool:
    """By the names alone: what a symbolic link in an allowed directory leads to is for those who may write there."""
    return path.startswith("/") and PurePosixPath(normpath(path)).is_relative_to(normpath(directory))
