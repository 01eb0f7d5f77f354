"""The user that everything but the engine runs as, and how root starts a program as that user.

The checkout may lie where only its owner may go (a home, a temporary directory). So the program starts in a mount
namespace of its own, in which the checkout is bound, read-only, at a place that everyone can reach; the namespace
ends with the program, so there is nothing to clean up. `python -m supervisor.unprivileged USER APP ARGV…` is what
runs in that namespace first.
"""

import grp
import os
import pwd
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from supervisor.settings import CHECKOUT, Settings

# File systems that belong to containers. A copy of their mounts in our namespace would keep them alive after the
# engine (or another on this host) has unmounted them.
_CONTAINERS: Final = frozenset({"overlay", "nsfs", "fuse.fuse-overlayfs"})


def ensure_user(name: str) -> None:
    """Make the system user `name`, and the group of that name, where there is none."""
    try:
        pwd.getpwnam(name)
    except KeyError:
        argv = ["useradd", "--system", "--user-group", "--no-create-home", "--home-dir", "/nonexistent"]
        subprocess.run([*argv, "--shell", "/usr/sbin/nologin", name], check=True)


def command(settings: Settings, *argv: str) -> tuple[str, ...]:
    """`argv` as the console's user, in the checkout. The first word `python` is the virtual environment's."""
    if os.geteuid() != 0:
        return ("setpriv", "--pdeathsig", "TERM", "--", *_with_python(CHECKOUT, argv))
    return (
        *("unshare", "--mount", "--propagation", "slave", "--", sys.executable, "-m", "supervisor.unprivileged"),
        *(settings.user, str(settings.app), *_with_python(settings.app, argv)),
    )


def _with_python(checkout: Path, argv: Sequence[str]) -> tuple[str, ...]:
    return (str(checkout / ".venv/bin/python"), *argv[1:]) if argv[0] == "python" else tuple(argv)


def main(user: str, app: Path, argv: Sequence[str]) -> None:
    """Bind the checkout at `app`, become `user`, run `argv`. Runs as root in a mount namespace of its own."""
    _let_go_of_containers()
    subprocess.run(["mount", "--bind", CHECKOUT, app], check=True)
    subprocess.run(["mount", "-o", "remount,bind,ro,nosuid,nodev", app], check=True)
    os.chdir(app)
    group = grp.getgrgid(pwd.getpwnam(user).pw_gid).gr_name
    drop = ["setpriv", "--reuid", user, "--regid", group, "--init-groups", "--inh-caps=-all", "--no-new-privs"]
    # Last, since the kernel forgets it at a change of user: should the supervisor be killed, its parts end too.
    os.execvp("setpriv", [*drop, "--pdeathsig", "TERM", "--", *argv])


def _let_go_of_containers() -> None:
    for line in reversed(Path("/proc/self/mounts").read_text().splitlines()):
        _, target, kind, *_ = line.split()
        if kind in _CONTAINERS and target != "/":
            subprocess.run(["umount", "--lazy", target.encode().decode("unicode_escape")], check=False)


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]), sys.argv[3:])
