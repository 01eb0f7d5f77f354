"""How a container looks to clients: Docker's ContainerInspect and ContainerSummary."""

import time
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

import msgspec

from engine.container import mounts
from engine.container.container import Container
from engine.container.health import Health, HealthStatus
from engine.container.logs.policy import DEFAULT_DRIVER, policy_of
from engine.container.record import NEVER, Record, State
from engine.container.state import Status

_ZERO_TIME: Final = "0001-01-01T00:00:00Z"
#: Lists that Docker shows as empty where nothing was said; the others it shows as null.
_LISTS: Final = (
    "Dns", "DnsOptions", "DnsSearch", "Ulimits", "Devices", "BlkioWeightDevice", "BlkioDeviceReadBps",
    "BlkioDeviceWriteBps", "BlkioDeviceReadIOps", "BlkioDeviceWriteIOps",
)  # fmt: skip
#: What this engine can't do and Docker shows all the same.
_ABSENT: Final[Mapping[str, Any]] = {
    "Cgroup": "", "CpuCount": 0, "CpuPercent": 0, "CpuRealtimePeriod": 0, "CpuRealtimeRuntime": 0,
    "DeviceRequests": None, "IOMaximumBandwidth": 0, "IOMaximumIOps": 0,
}  # fmt: skip
_SECOND: Final = 1_000_000_000


def rfc3339(nanoseconds: int) -> str:
    """RFC 3339 in UTC with nine digits, Docker's zero time for never."""
    if nanoseconds == NEVER:
        return _ZERO_TIME
    seconds, rest = divmod(nanoseconds, _SECOND)
    return f"{datetime.fromtimestamp(seconds, UTC):%Y-%m-%dT%H:%M:%S}.{rest:09d}Z"


def inspect(container: Container, *, files: Path, log: Path, network: Mapping[str, Any],
            graph: Mapping[str, Any] | None, driver: str) -> dict[str, Any]:  # fmt: skip
    """The document of GET /containers/{id}/json."""
    record = container.record
    argv = record.argv
    return {
        "Id": record.id,
        "Created": rfc3339(record.created),
        "Path": argv[0] if argv else "",
        "Args": argv[1:],
        "State": state(record.state),
        "Image": record.image_id,
        "ResolvConfPath": str(files / "resolv.conf"),
        "HostnamePath": str(files / "hostname"),
        "HostsPath": str(files / "hosts"),
        "LogPath": str(log) if policy_of(record.host_config.log_config).in_files else "",
        "Name": f"/{record.name}",
        "RestartCount": record.restart_count,
        "Driver": driver,
        "Platform": "linux",
        "MountLabel": "",
        "ProcessLabel": "",
        "AppArmorProfile": "",
        "ExecIDs": list(container.exec_ids) or None,
        "HostConfig": host_config(record),
        "GraphDriver": {"Name": driver, "Data": graph},
        "Mounts": [mounts.to_json(mounted) for mounted in record.mounts],
        "Config": config(record),
        "NetworkSettings": dict(network),
    }


def state(state_: State) -> dict[str, Any]:
    status = state_.status
    document = {
        "Status": status.value,
        "Running": status.is_up,
        "Paused": status is Status.PAUSED,
        "Restarting": status is Status.RESTARTING,
        "OOMKilled": state_.oom_killed,
        "Dead": status is Status.DEAD,
        "Pid": state_.pid,
        "ExitCode": state_.exit_code,
        "Error": state_.error,
        "StartedAt": rfc3339(state_.started),
        "FinishedAt": rfc3339(state_.finished),
    }
    return document | ({} if state_.health is None else {"Health": _health(state_.health)})


def _health(health: Health) -> dict[str, Any]:
    results = [
        {
            "Start": rfc3339(result.start),
            "End": rfc3339(result.end),
            "ExitCode": result.exit_code,
            "Output": result.output,
        }
        for result in health.log
    ]
    return {"Status": health.status.value, "FailingStreak": health.failing_streak, "Log": results}


def config(record: Record) -> dict[str, Any]:
    """Docker's Config, with `null` and absence where Docker writes them."""
    document: dict[str, Any] = msgspec.to_builtins(record.config)
    for name in ("ExposedPorts", "MacAddress", "StopSignal", "StopTimeout", "Healthcheck", "Shell"):
        if not document[name]:
            del document[name]
    return {**document, "Volumes": document["Volumes"] or None, "Labels": document["Labels"] or {}, "OnBuild": None}


def host_config(record: Record) -> dict[str, Any]:
    document: dict[str, Any] = msgspec.to_builtins(record.host_config)
    optional = [name for name in ("Mounts", "Tmpfs", "Sysctls", "Annotations", "Init") if document[name] is None]
    for name in optional:
        del document[name]
    log = record.host_config.log_config
    document["LogConfig"] = {"Type": log.type or DEFAULT_DRIVER, "Config": log.config or {}}
    document["RestartPolicy"]["Name"] = document["RestartPolicy"]["Name"] or "no"
    document["Mounts"] = [_mount(mount) for mount in document.get("Mounts", ())]
    if not document["Mounts"]:
        del document["Mounts"]
    lists = {name: document[name] or [] for name in _LISTS}
    return (
        {**_ABSENT, **document}
        | lists
        | {"PortBindings": document["PortBindings"] or {}, "ConsoleSize": document["ConsoleSize"] or [0, 0]}
    )


def _mount(mount: dict[str, Any]) -> dict[str, Any]:
    """Docker leaves out what a `--mount` does not say, at every depth."""
    said = {name: _mount(value) if isinstance(value, dict) else value for name, value in mount.items()}
    return {name: value for name, value in said.items() if value not in (None, "", False, 0, {}, [])}


def summary(
    container: Container, *, image: str, network: Mapping[str, Any], ports: Sequence[Mapping[str, Any]]
) -> dict[str, Any]:
    """A row of GET /containers/json; `image` is the image's name now, or its ID when it has lost the name."""
    record = container.record
    return {
        "Id": record.id,
        "Names": [f"/{record.name}"],
        "Image": image,
        "ImageID": record.image_id,
        "Command": command_line(record.argv),
        "Created": record.created // _SECOND,
        "Ports": [*ports],
        "Labels": record.config.labels or {},
        "State": record.state.status.value,
        "Status": status_text(record.state, time.time_ns()),
        "HostConfig": {"NetworkMode": record.host_config.network_mode},
        "NetworkSettings": {"Networks": dict(network)},
        "Mounts": [mounts.to_json(mounted) for mounted in record.mounts],
    }


def command_line(argv: Sequence[str]) -> str:
    """The command as `docker ps` shows it: an argument with a blank in it stands in quotes."""
    return " ".join(f"'{argument}'" if " " in argument else argument for argument in argv)


def status_text(state_: State, now: int) -> str:
    """The STATUS column: `Up 5 minutes`, `Exited (0) 3 seconds ago`."""
    up, ago = duration(now - state_.started), f"{duration(now - state_.finished)} ago"
    texts = {
        Status.CREATED: "Created",
        Status.RUNNING: f"Up {up}{_health_text(state_.health)}",
        Status.PAUSED: f"Up {up} (Paused)",
        Status.RESTARTING: f"Restarting ({state_.exit_code}) {ago}",
        Status.EXITED: f"Exited ({state_.exit_code}) {ago}",
        Status.REMOVING: "Removal In Progress",
        Status.DEAD: "Dead",
    }
    return texts[state_.status]


def _health_text(health: Health | None) -> str:
    if health is None:
        return ""
    return " (health: starting)" if health.status is HealthStatus.STARTING else f" ({health.status.value})"


def duration(nanoseconds: int) -> str:
    """How long, in Docker's words (its HumanDuration): the largest unit of which there are about two."""
    seconds = nanoseconds // _SECOND
    hours = round(seconds / 3600)
    for limit, text in (
        (1, "Less than a second"),
        (2, "1 second"),
        (60, f"{seconds} seconds"),
        (120, "About a minute"),
        (3600, f"{seconds // 60} minutes"),
    ):
        if seconds < limit:
            return text
    for limit, text in (
        (2, "About an hour"),
        (48, f"{hours} hours"),
        (24 * 7 * 2, f"{hours // 24} days"),
        (24 * 30 * 2, f"{hours // 24 // 7} weeks"),
        (24 * 365 * 2, f"{hours // 24 // 30} months"),
    ):
        if hours < limit:
            return text
    return f"{hours // 24 // 365} years"
