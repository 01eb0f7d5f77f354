"""From a container's record to the OCI runtime specification of its process, with Docker's defaults.

Pure: it reads nothing but its arguments (and the host's /dev for a privileged container). The field's reference is
the OCI runtime specification 1.0.2; the defaults are those that Docker documents and writes.
"""

from typing import Any

from engine.container.record import Record
from engine.container.spec.devices import check_devices, devices
from engine.container.spec.mounts import DEFAULT_SHM_SIZE, mounts
from engine.container.spec.namespaces import namespaces, sysctls
from engine.container.spec.process import environment, merge_environment, process
from engine.container.spec.resources import resources
from engine.container.spec.security import (
    MASKED_PATHS,
    READONLY_PATHS,
    capability_sets,
    granted,
    masked_paths,
    no_new_privileges,
    readonly_paths,
    seccomp_filter,
)
from engine.container.spec.surroundings import Surroundings

__all__ = [
    "DEFAULT_SHM_SIZE",
    "MASKED_PATHS",
    "READONLY_PATHS",
    "Surroundings",
    "build",
    "capability_sets",
    "check_devices",
    "environment",
    "granted",
    "merge_environment",
    "no_new_privileges",
    "process",
]


def build(record: Record, around: Surroundings) -> dict[str, Any]:
    """The contents of config.json."""
    host = record.host_config
    specification: dict[str, Any] = {
        "ociVersion": "1.0.2",
        "process": process(record, around.identity),
        "root": {"path": str(around.root), "readonly": host.readonly_rootfs},
        "mounts": mounts(record, around),
        "linux": _linux(record, around),
    }
    if host.uts_mode != "host":
        specification["hostname"] = record.config.hostname
        if record.config.domainname:
            specification["linux"]["sysctl"]["kernel.domainname"] = record.config.domainname
    if host.annotations:
        specification["annotations"] = host.annotations
    return specification


def _linux(record: Record, around: Surroundings) -> dict[str, Any]:
    host = record.host_config
    nodes, rules = devices(host)
    linux: dict[str, Any] = {
        "cgroupsPath": around.cgroup_path,
        "namespaces": namespaces(host, around),
        "resources": resources(host, rules),
        "sysctl": sysctls(host, around),
        "maskedPaths": masked_paths(host),
        "readonlyPaths": readonly_paths(host),
    }
    if nodes:
        linux["devices"] = nodes
    if (filter_ := seccomp_filter(host, knows_new_calls=around.knows_new_calls)) is not None:
        linux["seccomp"] = filter_
    return linux
