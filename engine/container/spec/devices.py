"""Device nodes."""

import os
import re
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

from engine.container.config import DeviceMapping, HostConfig
from engine.errors import InvalidParameter

#: Denied but for null, zero, full, random, urandom, tty and console; the runtime adds mknod and the terminals.
DEFAULT_RULES: Final = (
    {"allow": False, "access": "rwm"},
    *(
        {"allow": True, "type": "c", "major": major, "minor": minor, "access": "rwm"}
        for major, minor in ((1, 3), (1, 5), (1, 7), (1, 8), (1, 9), (5, 0), (5, 1))
    ),
)


_RULE: Final = re.compile(r"([acb]) ([0-9]+|\*):([0-9]+|\*) ([rwm]{1,3})")
_ANY: Final = -1


def devices(host: HostConfig) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """The nodes that a container gets beside the runtime's own, and the rules that let it use them.

    A privileged container has all of the host's; a `--device` of it can still give one another name. Raises
    InvalidParameter where there is no such device.
    """
    nodes = host_devices() if host.privileged else []
    rules = []
    for mapping in host.devices or ():
        for node in _mapped(mapping):
            nodes.append(node)
            rules.append(
                {
                    "allow": True,
                    "type": node["type"],
                    "major": node["major"],
                    "minor": node["minor"],
                    "access": mapping.cgroup_permissions or "rwm",
                }
            )
    return nodes, rules


def parse_rule(text: str) -> dict[str, Any]:
    """Read a `--device-cgroup-rule` such as `c 13:* rmw`. Raises InvalidParameter."""
    match = _RULE.fullmatch(text)
    if match is None:
        raise InvalidParameter(f"invalid device cgroup rule format: '{text}'")
    kind, major, minor, access = match.groups()
    numbers = {"major": _ANY if major == "*" else int(major), "minor": _ANY if minor == "*" else int(minor)}
    return {"allow": True, "type": kind, **numbers, "access": access}


def check_devices(host: HostConfig) -> None:
    """Raises InvalidParameter for rules and permissions that can't be read, and paths that can't be."""
    for text in host.device_cgroup_rules or ():
        parse_rule(text)
    for mapping in host.devices or ():
        if set(mapping.cgroup_permissions) - set("rwm"):
            raise InvalidParameter(f"invalid device mode: {mapping.cgroup_permissions}")
        if not mapping.path_on_host.startswith("/"):
            raise InvalidParameter(f"{mapping.path_on_host} is not an absolute path")
        if ".." in Path(mapping.path_in_container).parts or not _target(mapping).is_absolute():
            raise InvalidParameter(f"invalid path of a device in the container: {mapping.path_in_container!r}")


def _mapped(mapping: DeviceMapping) -> Iterator[dict[str, Any]]:
    """One node, or every one below a folder, under the name it gets in the container."""
    named, target = Path(mapping.path_on_host), _target(mapping)
    problem = f'error gathering device information while adding custom device "{named}": '
    try:
        source = named.resolve(strict=True)
    except FileNotFoundError as error:
        raise InvalidParameter(f"{problem}no such file or directory") from error
    except (OSError, RuntimeError) as error:  # the latter for links that lead to themselves
        raise InvalidParameter(f"{problem}{error}") from error
    paths = [Path(folder, name) for folder, _, names in os.walk(source) for name in names] or [source]
    found = [(path, described) for path in paths if (described := _device(path)) is not None]
    if not found:
        raise InvalidParameter(f"{problem}not a device node")
    for path, described in found:
        yield {**described, "path": str(target / path.relative_to(source))}


def _target(mapping: DeviceMapping) -> Path:
    return Path(mapping.path_in_container or mapping.path_on_host)


def host_devices() -> list[dict[str, Any]]:
    """Every device node of the host's /dev, for a privileged container; ptys and shared memory are its own."""
    devices = []
    for folder, folders, names in os.walk("/dev"):
        folders[:] = [name for name in folders if name not in {"pts", "shm", "mqueue", "fd"}]
        paths = [Path(folder, name) for name in names if name != "console"]
        devices += [described for path in paths if (described := _device(path)) is not None]
    return devices


def _device(path: Path) -> dict[str, Any] | None:
    status = path.lstat()
    kind = "c" if stat.S_ISCHR(status.st_mode) else "b" if stat.S_ISBLK(status.st_mode) else None
    if kind is None:
        return None
    return {
        "path": str(path),
        "type": kind,
        "major": os.major(status.st_rdev),
        "minor": os.minor(status.st_rdev),
        "fileMode": stat.S_IMODE(status.st_mode),
        "uid": status.st_uid,
        "gid": status.st_gid,
    }
