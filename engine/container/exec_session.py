"""An exec session as a value: what was asked for, and what has become of it."""

import asyncio
import os
import time
from dataclasses import dataclass, field
from typing import Final

from engine.container.container import Container
from engine.container.lasting import LastingSession
from engine.errors import InvalidParameter
from engine.execdriver.driver import Running

_LONGEST_GRACE_S: Final = 7 * 86400


@dataclass(frozen=True, kw_only=True)
class ExecRequest:
    """What to run, as `docker exec` asks; `console_size` is height and width.

    `grace_seconds` (beyond Docker) asks for a session that clients can come back to within that time.
    """

    argv: tuple[str, ...]
    tty: bool = False
    attach_stdin: bool = False
    attach_stdout: bool = False
    attach_stderr: bool = False
    env: tuple[str, ...] = ()
    user: str = ""
    working_dir: str = ""
    privileged: bool = False
    detach_keys: str = ""
    console_size: tuple[int, int] | None = None
    grace_seconds: int | None = None


@dataclass
class Exec:
    """One exec session, from its creation to five minutes after its end."""

    id: str
    container: Container
    request: ExecRequest
    running: Running | None = None
    exit_code: int | None = None
    started: bool = False
    ended_at: float = 0
    ended: asyncio.Event = field(default_factory=asyncio.Event)
    lasting: LastingSession | None = None

    def finish(self, exit_code: int) -> None:
        self.running, self.exit_code, self.ended_at = None, exit_code, time.monotonic()
        self.ended.set()


def check(request: ExecRequest) -> None:
    """Raise InvalidParameter for what could not be run whatever the container is."""
    if not request.argv:
        raise InvalidParameter("No exec command specified")
    if request.grace_seconds is not None and request.attach_stdin and not request.tty:
        raise InvalidParameter("Portside.Reattach needs a terminal (Tty), or no input (AttachStdin)")
    if request.grace_seconds is not None and not 0 <= request.grace_seconds <= _LONGEST_GRACE_S:
        raise InvalidParameter(f"Portside.GraceSeconds must be between 0 and {_LONGEST_GRACE_S}")
    directory = os.path.normpath(request.working_dir) if request.working_dir else "/"
    if not directory.startswith("/"):
        raise InvalidParameter(f"the working directory {request.working_dir!r} must be an absolute path")
    if directory.split("/")[1:2] == ["proc"]:
        raise InvalidParameter(f"the working directory {request.working_dir!r} lies in /proc")  # CVE-2024-21626
    for entry in request.env:
        if "\0" in entry or entry.startswith("="):
            raise InvalidParameter(f"invalid environment variable: {entry!r}")
