"""A run job's parameters as the body of `POST /containers/create`. Pure."""

from typing import Any, Final
from uuid import UUID

from dashboard.access.ownership import LABEL as PROJECT
from dashboard.jobs.params import Port, RunParams

#: The label of a container that a job made; its value is the job's ID.
LABEL: Final = "portside.job"


def body(params: RunParams, job: UUID | None = None, project: str = "") -> dict[str, Any]:
    """What `docker run -d` would send. Absent fields leave the choice to the image, as empty ones would not.

    The project's label is always there: an image that brings one of its own must not give the container away.
    """
    config: dict[str, Any] = {
        "Image": params.image,
        "Env": [f"{name}={value}" for name, value in params.environment.items()],
        "ExposedPorts": {_port_key(port): {} for port in params.ports},
        "Labels": {LABEL: str(job or ""), PROJECT: project},
        "Tty": params.tty,
        "OpenStdin": params.interactive,
        "HostConfig": _host_config(params),
    }
    optional = {
        "Cmd": list(params.command),
        "Entrypoint": list(params.entrypoint),
        "WorkingDir": params.working_dir,
        "User": params.user,
    }
    return config | {name: value for name, value in optional.items() if value}


def _host_config(params: RunParams) -> dict[str, Any]:
    return {
        "Binds": [str(mount) for mount in params.mounts],
        "PortBindings": _bindings(params.ports),
        "NetworkMode": params.network,
        "AutoRemove": params.auto_remove,
    }


def _bindings(ports: tuple[Port, ...]) -> dict[str, list[dict[str, str]]]:
    bindings: dict[str, list[dict[str, str]]] = {}
    for port in ports:
        # An empty host port asks for any; several bindings may share one container port.
        where = {"HostIp": port.host_ip, "HostPort": str(port.host_port or "")}
        bindings.setdefault(_port_key(port), []).append(where)
    return bindings


def _port_key(port: Port) -> str:
    return f"{port.container_port}/{port.protocol}"
