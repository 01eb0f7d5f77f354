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
    """It lives in a network namespace of its own, where its containers have the network `none`.

    With `bridged` it has the caller's network, and the bridge docker0 in it: on a host with another dockerd, the caller
    makes a network namespace first, as the two would take the bridge from each other. With `reaching` it has the
    caller's network and no bridge: it can pull from a registry on loopback.
    """

    def __init__(self, *, bridged: bool = False, reaching: bool = False) -> None:
        root = session.directory("d")
        self.socket = root / "d.sock"
        alone = ["--bridge", "none", "--iptables=false", "--ip6tables=false", "--ip-forward=false"]
        argv: list[str | Path] = ["dockerd", *([] if bridged else alone)]
        if not (bridged or reaching):
            argv = ["unshare", "--net", *argv]
        argv += ["--host", f"unix://{self.socket}", "--data-root", root / "data", "--exec-root", root / "exec"]
        argv += ["--pidfile", root / "pid", "--group", "root"]
        super().__init__("dockerd", argv, log=root / "log")
        self._default_namespace = root / "exec/netns/default"
        self.wait_for("its socket", lambda: answers(self.socket), seconds=60)
        self.docker = Docker(self.socket)

    def load(self, layout: Path, reference: str) -> None:
        """Give it the OCI layout's image by the name `reference`, without a registry."""
        archive = session.directory("load") / "image.tar"
        argv = [
            "skopeo",
            "--insecure-policy",
            "copy",
            "--quiet",
            f"oci:{layout}",
            f"docker-archive:{archive}:{reference}",
        ]
        subprocess.run(argv, check=True, timeout=120)
        self.docker("load", "--quiet", "--input", archive)
        archive.unlink()

    def stop(self, *, seconds: float = 20.0) -> int:
        code = super().stop(seconds=seconds)
        # What dockerd may leave at its end: a mount of the host's own network namespace.
        subprocess.run(["umount", self._default_namespace], check=False, stderr=subprocess.DEVNULL)
        return code
