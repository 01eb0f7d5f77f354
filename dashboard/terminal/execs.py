"""A shell in a container: how it is started, whether it still runs, and how it is ended."""

import asyncio
from dataclasses import dataclass
from typing import Any, Final

import structlog
from aiodocker import Docker
from aiodocker.exceptions import DockerError
from aiodocker.execs import Exec
from django.utils.translation import gettext as _

from dashboard.terminal.calls import post
from dashboard.terminal.protocol import Close, Reason
from dashboard.terminal.refusal import Refused
from dashboard.terminal.shell import environment, signal_argv, start_argv

log = structlog.get_logger(__name__)

#: How long a shell may take to leave after each signal, and how often it is looked for meanwhile.
LEAVE_SECONDS: Final = 3
LOOK_SECONDS: Final = 0.1
#: With a terminal the engine takes these keys for "detach" and holds the first back until the next one comes. The
#: default's first is Ctrl-P, which everybody types; nobody types these four in a row, and hardly anybody the first.
DETACH_KEYS: Final = "ctrl-@,ctrl-^,ctrl-_,ctrl-@"


@dataclass(frozen=True)
class Order:
    """Which shell is wanted where. Empty strings leave the choice to us (`shell`) and to the image."""

    container: str
    session: str
    rows: int
    columns: int
    shell: str = ""
    user: str = ""
    workdir: str = ""


@dataclass(frozen=True)
class Process:
    """An exec's process: `pid` is its number in the container."""

    container: str
    exec_id: str
    pid: int
    user: str = ""


async def create(docker: Docker, order: Order, *, grace: int) -> str:
    """Have the engine note the exec; its ID. It lasts `grace` seconds without a client, where the engine can do that.

    Raises Refused where there is no such container or it does not run, DockerError for what else the engine says.
    """
    body: dict[str, Any] = {
        "Cmd": start_argv(order.shell),
        "AttachStdin": True,
        "AttachStdout": True,
        "AttachStderr": True,
        "Tty": True,
        "User": order.user,
        "WorkingDir": order.workdir,
        "Env": list(environment(order.session)),
        "DetachKeys": DETACH_KEYS,
        # Docker and Podman pass over what they do not know.
        "Portside": {"Reattach": True, "GraceSeconds": grace},
    }
    try:
        return str((await post(docker, f"containers/{order.container}/exec", body))["Id"])
    except DockerError as error:
        reasons = {404: Reason.NOT_FOUND, 409: Reason.NOT_RUNNING}
        if error.status in reasons:
            raise Refused(reasons[error.status], str(error.message)) from error
        raise


async def inspect(docker: Docker, exec_id: str) -> dict[str, Any] | None:
    """The engine's word on the exec, None when it went with its container. Raises DockerError."""
    try:
        return await Exec(docker, exec_id).inspect()
    except DockerError as error:
        if error.status == 404:
            return None
        raise


async def end_of(docker: Docker, exec_id: str) -> Close:
    """What to tell of a stream that has ended: the shell's exit code, where the engine knows one."""
    state = await inspect(docker, exec_id)
    if state is None:
        return Close(Reason.ENDED, _("The container is gone"))
    if state["Running"]:
        return Close(Reason.ENGINE, _("The engine closed the stream of a shell that still runs"))
    return Close(Reason.ENDED, exit_code=state["ExitCode"])


async def is_running(docker: Docker, exec_id: str) -> bool:
    state = await inspect(docker, exec_id)
    return state is not None and bool(state["Running"])


async def resize(docker: Docker, exec_id: str, rows: int, columns: int) -> None:
    """Tell the terminal's size in characters. One that crosses the shell's end has no one to tell."""
    try:
        await Exec(docker, exec_id).resize(h=rows, w=columns)
    except DockerError as error:
        log.debug("terminal not resized", exec=exec_id, error=str(error.message))


async def hang_up(docker: Docker, process: Process) -> None:
    """End a shell as a closed terminal window does: SIGHUP to it, whose end sends it on to what runs in the
    foreground; SIGKILL to a shell that stays. Raises DockerError and OSError when the engine can't be asked."""
    for signal in ("HUP", "KILL"):
        if not await is_running(docker, process.exec_id):
            return
        await _signal(docker, process, signal)
        if await _has_left(docker, process.exec_id):
            return
    log.warning("shell stays", container=process.container, exec=process.exec_id)


async def _signal(docker: Docker, process: Process, signal: str) -> None:
    container = docker.containers.container(process.container)
    messenger = await container.exec(signal_argv(signal, process.pid), user=process.user)
    await messenger.start(detach=True)


async def _has_left(docker: Docker, exec_id: str) -> bool:
    for _turn in range(int(LEAVE_SECONDS / LOOK_SECONDS)):
        if not await is_running(docker, exec_id):
            return True
        await asyncio.sleep(LOOK_SECONDS)
    return False
