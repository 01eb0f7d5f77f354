#!/usr/bin/env python3
"""The console's administration: `manage.py create_token`, `manage.py migrate`, …

It needs no preparation: root may call it beside a console that runs (`make up`), with any Python.
"""

import importlib.util
import os
import sys
from pathlib import Path
from typing import Final

CHECKOUT: Final = Path(__file__).resolve().parent


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "dashboard.settings")
    _become_the_console()
    _use_its_packages()
    from django.core.management import execute_from_command_line  # noqa: PLC0415  # see the two lines before

    from dashboard.environment import Environment  # noqa: PLC0415

    Environment.current().make_state_directory()
    execute_from_command_line(sys.argv)


def _become_the_console() -> None:
    """As root, go on as the console's own user, as the supervisor starts it.

    What root writes into the database's directory, the console could not write to afterwards; and its Redis answers
    nobody else.
    """
    if os.geteuid() != 0:
        return
    from supervisor.settings import Settings  # noqa: PLC0415  # nobody else needs it
    from supervisor.unprivileged import command  # noqa: PLC0415

    settings = Settings.from_environment()
    if not settings.console_state.is_dir() or settings.console_state.stat().st_uid == 0:
        return
    settings.app.mkdir(mode=0o755, parents=True, exist_ok=True)
    argv = command(settings, "python", "manage.py", *sys.argv[1:])
    environment = {**settings.console_environment, "PYTHONPATH": str(CHECKOUT)}
    os.execvpe(argv[0], argv, environment)  # noqa: S606  # an argv, as everywhere


def _use_its_packages() -> None:
    """Called with another Python than the checkout's own, go on with that one."""
    python = CHECKOUT / ".venv/bin/python"
    if importlib.util.find_spec("django") is None and python.exists():
        os.execv(python, [str(python), str(CHECKOUT / "manage.py"), *sys.argv[1:]])  # noqa: S606  # an argv


if __name__ == "__main__":
    main()
