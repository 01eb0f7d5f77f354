"""Debian's docker-registry on a loopback port that the kernel gives, and skopeo to fill it."""

import subprocess
from pathlib import Path
from typing import Literal

import psutil

from tests.support import session
from tests.support.process import Child

Format = Literal["oci", "v2s2"]

_CONFIG = """\
version: 0.1
log: {{level: info}}
storage:
  delete: {{enabled: true}}
  filesystem: {{rootdirectory: "{root}"}}
http:
  addr: 127.0.0.1:0
"""


class Registry(Child):
    """An empty registry. `host` is `127.0.0.1:PORT`."""

    def __init__(self) -> None:
        directory = session.directory("registry")
        config = directory / "config.yml"
        config.write_text(_CONFIG.format(root=directory / "data"))
        super().__init__("registry", ["docker-registry", "serve", config], log=directory / "log")
        self.port = self.wait_for("its port", self._listening_port)

    @property
    def host(self) -> str:
        return f"127.0.0.1:{self.port}"

    def push(self, layout: Path, name: str, *, manifest: Format = "v2s2") -> str:
        """Push the OCI layout's image as `name` (`repository:tag`); returns the reference to pull it by."""
        reference = f"{self.host}/{name}"
        argv = ["skopeo", "--insecure-policy", "copy", "--quiet", "--dest-tls-verify=false", "--format", manifest]
        subprocess.run([*argv, f"oci:{layout}", f"docker://{reference}"], check=True, timeout=120)
        return reference

    def _listening_port(self) -> int:
        sockets = psutil.Process(self.pid).net_connections("tcp")
        return next((entry.laddr.port for entry in sockets if entry.status == psutil.CONN_LISTEN), 0)
