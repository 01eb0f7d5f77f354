"""Git repositories on a server, on a port that the kernel chooses."""

import os
import socketserver
import subprocess
import threading
from pathlib import Path


class Repository:
    """A repository with a working tree, to fill it."""

    def __init__(self, path: Path) -> None:
        self.path = path
        path.mkdir()
        self.git("init", "--quiet", "--initial-branch=main")

    def git(self, *arguments: str) -> str:
        made = {"GIT_CONFIG_GLOBAL": "/dev/null", "GIT_CONFIG_NOSYSTEM": "1", "HOME": "/nonexistent"}
        person = ("-c", "user.name=A", "-c", "user.email=a@example.com", "-c", "protocol.file.allow=always")
        return subprocess.run(
            ["git", "-C", str(self.path), *person, *arguments],
            env={**os.environ, **made},
            check=True,
            capture_output=True,
            text=True,
        ).stdout.strip()

    def commit(self, **files: str) -> str:
        for name, content in files.items():
            place = self.path / name.replace("__", "/").replace("_", ".")
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_text(content)
        self.git("add", "--all")
        self.git("commit", "--quiet", "--message", "change")
        return self.git("rev-parse", "HEAD")


class GitServer:
    """`git daemon`, one process a connection."""

    def __init__(self, base: Path) -> None:
        self.base = base
        argv = ["git", "daemon", "--inetd", "--export-all", f"--base-path={base}", str(base)]

        class Handler(socketserver.BaseRequestHandler):
            def handle(self) -> None:
                subprocess.run(argv, stdin=self.request, stdout=self.request, stderr=subprocess.DEVNULL, check=False)

        self._server = socketserver.ThreadingTCPServer(("127.0.0.1", 0), Handler)
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.05})
        self._thread.start()

    def url(self, name: str) -> str:
        host, port = self._server.server_address[:2]
        return f"git://{host!s}:{port}/{name}"

    def repository(self, name: str) -> Repository:
        return Repository(self.base / name)

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()
