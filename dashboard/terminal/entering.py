"""How a browser comes to a terminal that is there: its connection to the shell, with a recorder where one is wanted."""

from contextlib import AsyncExitStack
from typing import Final

from aiodocker import Docker
from aiodocker.exceptions import DockerError
from asgiref.sync import sync_to_async
from django.conf import settings
from django.utils.translation import gettext as _

from dashboard.terminal import recordings, registry, rows
from dashboard.terminal.asciicast import Cast
from dashboard.terminal.lasting import REPLAY, LastingShell
from dashboard.terminal.models import Kind
from dashboard.terminal.models import Terminal as Row
from dashboard.terminal.protocol import Close, Hello, Reason
from dashboard.terminal.recorder import Recorded, Recorder
from dashboard.terminal.refusal import Refused
from dashboard.terminal.session import Connection, Terminal

_GONE: Final = 404


async def enter(docker: Docker, row: Row, hello: Hello, source: str, stack: AsyncExitStack) -> Terminal:
    """Connect, for the output that `hello` lacks; `stack` closes what was opened. Raises Refused, DockerError."""
    recorder = await _recorder(row, hello) if row.is_recorded else None
    if recorder is not None:
        stack.push_async_callback(recorder.close)
    first = hello.received if recorder is None else min(recorder.offset, hello.received or recorder.offset)
    shell: Connection = await (_last(docker, row, source, first) if row.lasts else _held(row, source, first))
    stack.push_async_callback(shell.close)
    if recorder is None:
        return shell
    wanted = shell.start.end - REPLAY if hello.received is None else hello.received
    return Recorded(shell, recorder, max(wanted, shell.start.output))


async def _last(docker: Docker, row: Row, source: str, received: int | None) -> Connection:
    try:
        return await LastingShell.open(docker, row.exec_id, source=source, received=received, skip=row.preamble)
    except DockerError as error:
        if error.status != _GONE:
            raise
        close = Close(Reason.UNKNOWN_SESSION, _("This terminal has ended: its container has stopped, or is gone"))
        await rows.afinish(row, close)
        raise Refused(close.reason, close.text) from error


async def _held(row: Row, source: str, received: int | None) -> Connection:
    held = registry.find(row.pk)
    if held is None and await registry.is_alive(row.keeper):
        raise Refused(Reason.UNKNOWN_SESSION, _("Another web process holds this terminal"))
    if held is None:
        close = Close(
            Reason.UNKNOWN_SESSION,
            _("The console was restarted, and this terminal could not survive that: %(why)s") % {"why": _why(row)},
        )
        raise Refused(close.reason, close.text)
    return await held.join(source, received)


def _why(row: Row) -> str:
    if row.kind == Kind.ATTACH:
        return _("a connection to a container's own process ends with the console's")
    return _("the engine of host %s keeps no shell without its connection") % row.host_name


async def _recorder(row: Row, hello: Hello) -> Recorder | None:
    header = Cast.header(
        rows=hello.rows,
        columns=hello.columns,
        timestamp=int(row.started.timestamp()),
        title=row.title or f"{row.host_name}/{row.container_name}",
        shell=row.command,
    )
    file = await sync_to_async(recordings.RecordingFile.open)(row.pk, header)
    return None if file is None else Recorder(file, settings.TERMINAL_LIMITS.recording_size)
