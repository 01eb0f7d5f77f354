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
_GUARD = """\
auth:
  htpasswd: {{realm: tests, path: "{file}"}}
"""
_TLS = """\
  tls: {{certificate: "{folder}/server.cert", key: "{folder}/server.key", clientcas: ["{folder}/ca.crt"]}}
"""
#: Whom a guarded registry lets in; the line is bcrypt's, which docker-registry alone reads.
USER, PASSWORD = "alice", "s3cret"
_HTPASSWD = f"{USER}:$2y$05$abcdefghijklmnopqrstuuLK7U1u6pVRmL7L1BBM2aS35PSZnDXlK\n"


class Registry(Child):
    """An empty registry. `host` is `127.0.0.1:PORT`.

    `guarded`: it lets USER with PASSWORD in, and nobody else. `tls`: a folder with server.cert, server.key and the
    ca.crt that a client's certificate has to be of.
    """

    def __init__(self, *, guarded: bool = False, tls: Path | None = None) -> None:
        directory = session.directory("registry")
        config = directory / "config.yml"
        text = _CONFIG.format(root=directory / "data") + (_TLS.format(folder=tls) if tls else "")
        if guarded:
            (directory / "htpasswd").write_text(_HTPASSWD)
            text += _GUARD.format(file=directory / "htpasswd")
        config.write_text(text)
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
