"""How a terminal is ended that its user closed, or may not have any more."""

from django.utils.translation import gettext as _

from dashboard.hosts.client import engine
from dashboard.terminal import execs, registry, rows
from dashboard.terminal.models import Kind, Terminal
from dashboard.terminal.protocol import Close, Reason


async def end(terminal: Terminal, why: str = "") -> None:
    """Hang up on its shell, whoever holds it, and write down that it has ended. A container's own process is left.

    Raises EngineFailure when its engine can't be asked: the terminal then counts as live, and is to be ended later.
    """
    held = registry.find(terminal.pk)
    if held is not None:
        await held.hang_up()
    elif terminal.kind == Kind.SHELL and terminal.exec_id and terminal.host is not None:
        process = execs.Process(terminal.container, terminal.exec_id, terminal.pid, terminal.user)
        async with engine(terminal.host) as docker:
            await execs.hang_up(docker, process)
    await rows.afinish(terminal, Close(Reason.HANG_UP, why or _("Closed")))
