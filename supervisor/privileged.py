"""What only root may do: run the engine, and make the directories that it and the console share out.

As a normal user, through sudo.
"""

import getpass
import os
import subprocess
from collections.abc import Mapping

from supervisor.settings import Settings
from supervisor.unprivileged import ensure_user


def as_root(*argv: str, environment: Mapping[str, str]) -> tuple[str, ...]:
    """`argv` as root. Where we are root, the kernel ends it should we be killed; it can't do so through sudo."""
    if os.geteuid() == 0:
        return ("setpriv", "--pdeathsig", "TERM", "--", *argv)
    passed = [f"{key}={value}" for key, value in environment.items() if key.startswith(("PORTSIDE_", "PYTHON"))]
    return ("sudo", "--", "env", *passed, *argv)


def prepare(settings: Settings) -> None:
    """The user, and the directories: the engine's state is root's, the console's own parts are that user's."""
    if os.geteuid() == 0:
        ensure_user(settings.user)
    elif settings.user != getpass.getuser():
        raise SystemExit(
            f"without root the console runs as {getpass.getuser()!r}; PORTSIDE_USER says {settings.user!r}"
        )
    # The engine's directories are passed through by the console on the way to its own, never listed.
    _directory(settings.home, mode="0711")
    _directory(settings.run, mode="0755")
    _directory(settings.app, mode="0755")
    _directory(settings.console_state, mode="0700", owner=settings.user)
    _directory(settings.console_run, mode="0700", owner=settings.user)


def _directory(path: os.PathLike[str], *, mode: str, owner: str = "root") -> None:
    argv = ["install", "--directory", "--mode", mode, "--owner", owner, str(path)]
    # sudo may ask for the password here, once, while the terminal is ours.
    subprocess.run(argv if os.geteuid() == 0 else ["sudo", "--", *argv], check=True)
