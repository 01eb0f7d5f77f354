"""A dockerd to compare with, where the host has one: private, with directories and a socket of its own."""

import shutil
import subprocess
from pathlib import Path

from tests.support import session
from tests.support.docker_cli import Docker
from tests.support.process import Child
from tests.support.redis import answers


def is_present() -> bool:
    return shutil.which("dockerd") is not None


class Dockerd(Child):
    """It lives in a network namespace of its own: a second dockerd would take the first one's bridge away.

    Without `bridged` containers have the network `none`; with it a bridge that leads nowhere.
    """

    def __init__(self, *, bridged: bool = False) -> None:
        root = session.directory("d")
        self.socket = root / "d.sock"
        argv: list[str | Path] = [
            "unshare",
            "--net",
            "dockerd",
            "--host",
            f"unix://{self.socket}",
            "--data-root",
            root / "data",
        ]
        argv += ["--exec-root", root / "exec", "--pidfile", root / "pid", "--group", "root"]
        if not bridged:
            argv += ["--bridge", "none", "--iptables=false", "--ip6tables=false", "--ip-forward=false"]
        super().__init__("dockerd", argv, log=root / "log")
        self._default_namespace = root / "exec/netns/default"
        self.wait_for("its socket", lambda: answers(self.socket), seconds=60)
        self.docker = Docker(self.socket)

    def stop(self, *, seconds: float = 20.0) -> int:
        code = super().stop(seconds=seconds)
        # What dockerd may leave at its end: a mount of the host's own network namespace.
        subprocess.run(["umount", self._default_namespace], check=False, stderr=subprocess.DEVNULL)
        return code
