"""What the engine says of itself: `info` and `version`."""

import asyncio
import os
import platform
import uuid
from collections import Counter
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from engine import __version__
from engine.config import Config
from engine.container import init
from engine.container.logs import journal
from engine.container.service import Containers
from engine.container.state import Status
from engine.execdriver.driver import ExecDriver
from engine.graphdriver.driver import GraphDriver
from engine.image.platform import host as host_platform
from engine.image.service import Images
from engine.server import host
from engine.server.version import CURRENT, MINIMUM
from engine.store import atomic_write

_LOOPBACK: Final = ("::1/128", "127.0.0.0/8")
_DEFAULT_INDEX: Final = "docker.io"
#: What is the same in every engine of this version.
_FIXED: Final[Mapping[str, Any]] = {
    "LoggingDriver": "json-file",
    "IndexServerAddress": "https://index.docker.io/v1/",
    "GenericResources": None,
    "Labels": [],
    "ExperimentalBuild": False,
    "LiveRestoreEnabled": True,
    "Isolation": "",
    "CDISpecDirs": [],
    "Swarm": {
        "NodeID": "",
        "NodeAddr": "",
        "LocalNodeState": "inactive",
        "ControlAvailable": False,
        "Error": "",
        "RemoteManagers": None,
    },
}


class System:
    """The engine as a whole, for those who look at it. Construct it once `config.home` exists."""

    def __init__(
        self, config: Config, *, containers: Containers, images: Images, graph: GraphDriver, execution: ExecDriver
    ) -> None:
        self._config = config
        self._containers = containers
        self._images = images
        self._graph = graph
        self._execution = execution
        self._id = _identity(config.home / "engine-id")
        self._runtime_version = ""

    async def info(self) -> dict[str, Any]:
        """Docker's SystemInfo."""
        limits = await asyncio.to_thread(host.limits)
        facts = await asyncio.to_thread(host.facts)
        return {
            "ID": self._id,
            **self._counts(),
            **self._storage(),
            **limits,
            **facts,
            **self._engine(),
            **await self._programs(),
            **_FIXED,
            "Plugins": _plugins(),
            "RegistryConfig": self._registries(),
            "SecurityOptions": ["name=seccomp,profile=builtin", *_cgroup_namespaces(facts)],
            "Warnings": await asyncio.to_thread(host.warnings, limits),
        }

    async def version(self) -> dict[str, Any]:
        """Docker's SystemVersion."""
        engine = {
            "ApiVersion": str(CURRENT),
            "MinAPIVersion": str(MINIMUM),
            "Os": "linux",
            "Arch": host_platform().architecture,
            "KernelVersion": platform.release(),
            "GitCommit": "",
            "GoVersion": f"python{platform.python_version()}",  # the CLI has one line for what the server is written in
        }
        return {
            "Platform": {"Name": "Portside"},
            "Version": __version__,
            **engine,
            "Components": [
                {"Name": "Engine", "Version": __version__, "Details": engine | {"Experimental": "false"}},
                {"Name": self._execution.name, "Version": await self._runtime(), "Details": {}},
            ],
        }

    async def _runtime(self) -> str:
        """The runtime's version; its program is asked once (many clients begin with `GET /version`)."""
        self._runtime_version = self._runtime_version or await self._execution.version()
        return self._runtime_version

    def _counts(self) -> dict[str, int]:
        states = Counter(container.status for container in self._containers)
        running, paused = states[Status.RUNNING], states[Status.PAUSED]
        return {
            "Containers": states.total(),
            "ContainersRunning": running,
            "ContainersPaused": paused,
            "ContainersStopped": states.total() - running - paused,
            "Images": len(self._images.list()),
        }

    def _storage(self) -> dict[str, Any]:
        return {
            "Driver": self._graph.name,
            "DriverStatus": [list(row) for row in self._graph.status()],
            "DockerRootDir": str(self._config.home),
        }

    def _engine(self) -> dict[str, Any]:
        """The process that answers, and how it was set up."""
        return {
            "ServerVersion": __version__,
            "Debug": self._config.debug,
            "NGoroutines": len(asyncio.all_tasks()),
            "SystemTime": f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%S.%f}Z",
            "DefaultAddressPools": [{"Base": str(pool.base), "Size": pool.size} for pool in self._config.address_pools],
            **_proxies(),
        }

    async def _programs(self) -> dict[str, Any]:
        """What the engine leaves to others: here is no containerd, and the host's init."""
        return {
            "Runtimes": {name: {"path": program} for name, program in self._execution.runtimes.items()},
            "DefaultRuntime": self._execution.name,
            "RuncCommit": {"ID": await self._runtime()},
            "ContainerdCommit": {"ID": ""},
            "InitCommit": {"ID": ""},
            "InitBinary": init.name(),
        }

    def _registries(self) -> dict[str, Any]:
        """Docker's RegistryServiceConfig: which registries may be spoken to without TLS, and the mirrors."""
        networks = [entry for entry in self._config.insecure_registries if "/" in entry]
        hosts = [entry for entry in self._config.insecure_registries if "/" not in entry]
        mirrors = [f"{mirror.rstrip('/')}/" for mirror in self._config.registry_mirrors]
        indexes = {name: _index(name, secure=False) for name in hosts}
        return {
            "InsecureRegistryCIDRs": [*_LOOPBACK, *networks],
            "IndexConfigs": indexes | {_DEFAULT_INDEX: _index(_DEFAULT_INDEX, secure=True, mirrors=mirrors)},
            "Mirrors": mirrors,
        }


def _plugins() -> dict[str, Any]:
    logs = ["json-file", "local", "none", *(["journald"] if journal.is_present() else [])]
    return {"Volume": ["local"], "Network": ["bridge", "host", "null"], "Authorization": None, "Log": logs}


def _index(name: str, *, secure: bool, mirrors: list[str] | None = None) -> dict[str, Any]:
    return {"Name": name, "Mirrors": mirrors or [], "Secure": secure, "Official": name == _DEFAULT_INDEX}


def _proxies() -> dict[str, str]:
    """The proxies that pulls go through; `info` is for every client, so without a password that is in one."""
    names = {"HttpProxy": "HTTP_PROXY", "HttpsProxy": "HTTPS_PROXY", "NoProxy": "NO_PROXY"}
    return {field: _masked(os.environ.get(name) or os.environ.get(name.lower(), "")) for field, name in names.items()}


def _masked(proxy: str) -> str:
    scheme, separator, rest = proxy.rpartition("://")
    _, at, address = rest.rpartition("@")
    return f"{scheme}{separator}xxxxx:xxxxx@{address}" if at else proxy


def _cgroup_namespaces(facts: dict[str, Any]) -> list[str]:
    return ["name=cgroupns"] if facts["CgroupVersion"] == "2" else []


def _identity(path: Path) -> str:
    """This engine's own ID: made at its first start, the same for as long as its state lives."""
    try:
        return path.read_text(encoding="ascii").strip()
    except FileNotFoundError:
        identity = str(uuid.uuid4())
        atomic_write(path, f"{identity}\n".encode(), mode=0o644)
        return identity
