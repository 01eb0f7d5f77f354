"""How a terminal comes about: its row, its shell, and whoever holds that."""

import asyncio
from dataclasses import dataclass, replace
from functools import partial
from typing import Any, Final

from aiodocker import Docker
from aiodocker.exceptions import DockerError
from aiodocker.execs import Exec
from asgiref.sync import sync_to_async
from django.conf import settings
from django.utils.translation import gettext as _

from dashboard.accounts.models import User
from dashboard.hosts.client import client
from dashboard.hosts.models import Host
from dashboard.terminal import execs, registry, rows
from dashboard.terminal.calls import post
from dashboard.terminal.greeting import greeting, not_started
from dashboard.terminal.held import Held
from dashboard.terminal.lasting import LastingShell
from dashboard.terminal.models import Kind, Terminal
from dashboard.terminal.protocol import Close, Hello, Reason
from dashboard.terminal.refusal import Refused
from dashboard.terminal.sequence import Written
from dashboard.terminal.shell import Greeting
from dashboard.terminal.sources import ContainerSource, ExecSource, read_out

#: How long the shell may take to come up.
START_SECONDS: Final = 30


@dataclass(frozen=True)
class Asked:
    """Who wants which terminal where."""

    user: User
    login: str
    host: Host
    container: str
    hello: Hello


async def open_terminal(docker: Docker, asked: Asked) -> Terminal:
    """Start what HELLO asks for, and answer its row.

    Raises Refused when there is none to be had (no such container, not running, no shell in its image, too many), and
    DockerError for what else the engine says.
    """
    details = await _details(docker, asked.container)
    terminal = await _begin(asked, details)
    try:
        if asked.hello.attach:
            await _attach(terminal, asked.host, details)
        else:
            await _start(docker, terminal, asked)
    except BaseException as error:
        close = error.close if isinstance(error, Refused) else Close(Reason.FAILED, str(error))
        await rows.afinish(terminal, close)
        raise
    await terminal.asave()
    return terminal


async def _details(docker: Docker, container: str) -> dict[str, Any]:
    try:
        details: dict[str, Any] = await docker.containers.container(container).show()
    except DockerError as error:
        if error.status == 404:
            raise Refused(Reason.NOT_FOUND, str(error.message)) from error
        raise
    return details


async def _begin(asked: Asked, details: dict[str, Any]) -> Terminal:
    hello = asked.hello
    return await sync_to_async(rows.begin)(
        asked.user,
        asked.host,
        details["Id"],
        container_name=details["Name"].lstrip("/"),
        kind=Kind.ATTACH if hello.attach else Kind.SHELL,
        login=asked.login,
        title=hello.title,
        user=hello.user,
        workdir=hello.workdir,
        argv=[hello.shell] if hello.shell else [],
        is_recorded=settings.TERMINAL_LIMITS.records(asked=hello.record),
    )


async def _start(docker: Docker, terminal: Terminal, asked: Asked) -> None:
    hello = asked.hello
    order = execs.Order(
        terminal.container, terminal.pk, hello.rows, hello.columns, hello.shell, hello.user, hello.workdir
    )
    exec_id = terminal.exec_id = await execs.create(docker, order, grace=settings.TERMINAL_LIMITS.grace)
    state = await execs.inspect(docker, exec_id)
    terminal.lasts = bool(state and state.get("Portside"))
    async with asyncio.timeout(START_SECONDS):
        found = await (_last(docker, order, exec_id) if terminal.lasts else _hold(terminal, asked, order, exec_id))
    terminal.pid, terminal.argv, terminal.shells = found.pid, [found.path], list(found.shells)
    if terminal.lasts:
        terminal.preamble = found.size


async def _last(docker: Docker, order: execs.Order, exec_id: str) -> Greeting:
    body = {"Detach": True, "Tty": True, "ConsoleSize": [order.rows, order.columns]}
    try:
        await post(docker, f"exec/{exec_id}/start", body)
    except DockerError as error:
        state = await execs.inspect(docker, exec_id)
        raise not_started(state["ExitCode"] if state else None, str(error.message)) from error
    shell = await LastingShell.open(docker, exec_id, source="", received=0)
    try:
        return await greeting(docker, exec_id, partial(_read_written, shell))
    finally:
        await shell.close()


async def _read_written(shell: LastingShell) -> bytes:
    event = await shell.read()
    return event.data if isinstance(event, Written) else b""


async def _hold(terminal: Terminal, asked: Asked, order: execs.Order, exec_id: str) -> Greeting:
    """An engine of its own, as the terminal outlives the connection that opened it."""
    docker = client(asked.host)
    stream = Exec(docker, exec_id, tty=True).start(detach=False)
    try:
        found = await greeting(docker, exec_id, partial(read_out, stream))
    except BaseException:
        await stream.close()
        await docker.close()
        raise
    process = execs.Process(terminal.container, exec_id, found.pid, order.user)
    source = ExecSource(docker, stream, process, found.rest)
    await source.resize(order.rows, order.columns)
    _keep(terminal, source)
    return replace(found, rest=b"")


async def _attach(terminal: Terminal, host: Host, details: dict[str, Any]) -> None:
    if not details["State"]["Running"]:
        raise Refused(Reason.NOT_RUNNING, _("Container %s is not running") % terminal.container_name)
    config = details["Config"]
    terminal.lasts = False
    terminal.argv = [details["Path"], *details["Args"]] if "Path" in details else list(config["Cmd"] or [])
    source = await ContainerSource.open(client(host), terminal.container, has_terminal=config["Tty"])
    _keep(terminal, source)


def _keep(terminal: Terminal, source: ExecSource | ContainerSource) -> None:
    async def forgotten(close: Close) -> None:
        registry.forget(terminal.pk)
        await rows.afinish(terminal, close)

    terminal.keeper = registry.KEEPER
    registry.keep(terminal.pk, Held(source, grace=settings.TERMINAL_LIMITS.grace, forgotten=forgotten))
