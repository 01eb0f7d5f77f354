"""Containers: the one door to everything that can be done with them."""

from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Any

from engine.container.config import ContainerConfig, HostConfig, NetworkingConfig
from engine.container.streams import Chunk, Session


class WaitCondition(Enum):
    NOT_RUNNING = "not-running"
    NEXT_EXIT = "next-exit"
    REMOVED = "removed"


@dataclass(frozen=True, slots=True)
class WaitResult:
    status_code: int
    error: str | None = None


@dataclass(frozen=True, kw_only=True)
class CreateRequest:
    """Decoded with `engine.container.config.decode(ContainerConfig, body minus HostConfig/NetworkingConfig, "Config")` etc."""

    config: ContainerConfig
    host_config: HostConfig
    networking: NetworkingConfig
    name: str | None = None
    platform: str | None = None


@dataclass(frozen=True, kw_only=True)
class LogOptions:
    """`since` and `until` are Unix nanoseconds, 0 for none; `tail` counts lines, None for all."""

    stdout: bool
    stderr: bool
    follow: bool = False
    timestamps: bool = False
    since: int = 0
    until: int = 0
    tail: int | None = None


@dataclass(frozen=True, kw_only=True)
class AttachOptions:
    stdin: bool = False
    stdout: bool = False
    stderr: bool = False
    stream: bool = False
    logs: bool = False


class Containers:
    async def create(self, request: CreateRequest) -> tuple[str, list[str]]:
        """Returns the new ID and warnings. NotFound `No such image: X`; Conflict for a taken name."""
        ...

    def list(self, *, all_: bool, limit: int, size: bool, filters: Mapping[str, Sequence[str]]) -> list[dict[str, Any]]:
        """Rows of GET /containers/json, the newest first (size makes it slower)."""
        ...

    def inspect(self, ref: str, *, size: bool = False) -> dict[str, Any]: ...
    def is_tty(self, ref: str) -> bool: ...
    async def start(self, ref: str) -> None: ...  # NotModified when running
    async def stop(self, ref: str, *, timeout: int | None = None, signal: str | None = None) -> None: ...
    async def restart(self, ref: str, *, timeout: int | None = None, signal: str | None = None) -> None: ...
    async def kill(self, ref: str, signal: str) -> None: ...
    async def pause(self, ref: str) -> None: ...
    async def unpause(self, ref: str) -> None: ...
    async def rename(self, ref: str, name: str) -> None: ...
    async def resize(self, ref: str, *, height: int, width: int) -> None: ...
    async def remove(self, ref: str, *, force: bool = False, volumes: bool = False) -> None: ...
    async def prune(self, filters: Mapping[str, Sequence[str]]) -> dict[str, Any]: ...
    async def top(self, ref: str, ps_args: str) -> dict[str, Any]: ...

    def wait(self, ref: str, condition: WaitCondition) -> "asyncio.Future[WaitResult]":
        """Registered when this returns, so that the caller may send its headers at once, then await the future."""
        ...

    async def attach(self, ref: str, options: AttachOptions) -> Session:
        """May be called before start: the session's chunks begin when the container starts, end when it ends."""
        ...

    def logs(self, ref: str, options: LogOptions) -> AsyncIterator[Chunk]:
        """NotFound is raised by the call itself, not by the first step of the iteration."""
        ...


# engine/container/exec.py
#   @dataclass ExecRequest(argv: list[str], tty, attach_stdin, attach_stdout, attach_stderr, env: list[str], user, working_dir, privileged, detach_keys, console_size)
#   class Execs:
#       async def create(self, container_ref: str, request: ExecRequest) -> str        # exec ID
#       async def start(self, exec_id: str, *, detach: bool, tty: bool, console_size: tuple[int, int] | None) -> Session | None   # None when detached
#       async def resize(self, exec_id: str, *, height: int, width: int) -> None
#       def inspect(self, exec_id: str) -> dict[str, Any]
#       def is_tty(self, exec_id) -> bool
