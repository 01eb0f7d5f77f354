"""A dockerd to compare with, where the host has one: private, without any hand on the host's network."""

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
    """Containers have the network `none`: a bridge of its own would rewrite the host's packet filter."""

    def __init__(self, *, storage: str = "overlay2") -> None:
        root = session.directory("d")
        self.socket = root / "d.sock"
        argv: list[str | Path] = ["dockerd", "--host", f"unix://{self.socket}", "--data-root", root / "data"]
        argv += ["--exec-root", root / "exec", "--pidfile", root / "pid", "--group", "root"]
        argv += ["--bridge", "none", "--iptables=false", "--ip6tables=false", "--ip-forward=false"]
        argv += ["--storage-driver", storage]
        super().__init__("dockerd", argv, log=root / "log")
        self._default_namespace = root / "exec/netns/default"
        self.wait_for("its socket", lambda: answers(self.socket), seconds=60)
        self.docker = Docker(self.socket)

    def stop(self, *, seconds: float = 20.0) -> int:
        code = super().stop(seconds=seconds)
        # The one thing that dockerd leaves at its end: a mount of the host's own network namespace.
        # (Not asked for first: the kernel tells of no mount on a file by its device number.)
        subprocess.run(["umount", "--quiet", self._default_namespace], check=False)
        return code
