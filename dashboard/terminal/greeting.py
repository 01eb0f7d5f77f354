"""The beginning of a shell's stream: its own word about itself, or why there is none."""

from collections.abc import Awaitable, Callable

from aiodocker import Docker
from django.utils.translation import gettext as _

from dashboard.terminal.execs import inspect
from dashboard.terminal.protocol import Reason
from dashboard.terminal.refusal import Refused
from dashboard.terminal.shell import Greeting, read_greeting

#: As a shell says it: found, but not to be run; not found.
NOT_RUNNABLE = frozenset({126, 127})
_MOST = 4096

Read = Callable[[], Awaitable[bytes]]


async def greeting(docker: Docker, exec_id: str, read: Read) -> Greeting:
    """Read until the shell has told its number; raises Refused when the stream ends or tells something else."""
    data = b""
    try:
        while (found := read_greeting(data)) is None and (more := await read()):
            data += more
    except ValueError:
        found = None
    if found is None:
        raise await _no_shell(docker, exec_id, read, data)
    if not found.pid:
        raise none_found(found.path, found.shells)
    return found


def none_found(tried: str, found: tuple[str, ...]) -> Refused:
    text = _("No shell in this container: tried %(names)s") % {"names": tried}
    if found:
        text = _("%(text)s; there are %(found)s") % {"text": text, "found": ", ".join(found)}
    return Refused(Reason.NO_SHELL, text)


def not_started(exit_code: int | None, said: str) -> Refused:
    """What an engine says of an exec that did not come up."""
    reason = Reason.NO_SHELL if exit_code in NOT_RUNNABLE else Reason.FAILED
    text = _("No shell could be started in this container (exit code %(code)s). The engine said: %(said)s")
    return Refused(reason, text % {"code": exit_code, "said": said or _("nothing")})


async def _no_shell(docker: Docker, exec_id: str, read: Read, data: bytes) -> Refused:
    while len(data) < _MOST and (more := await read()):
        data += more
    state = await inspect(docker, exec_id)
    return not_started(state["ExitCode"] if state else None, data.decode(errors="replace").strip())
