"""A Redis of the suite's own: no port, nothing on disk, one unix socket."""

import socket
from pathlib import Path

from tests.support import session
from tests.support.process import Child


class RedisServer(Child):
    """Debian's redis-server on `socket`; `url` is what REDIS_URL wants. Any user may connect.

    In the `directory` of one that has ended, it comes back at the same address, and empty.
    """

    def __init__(self, directory: Path | None = None) -> None:
        directory = self.directory = directory or session.directory("redis")
        self.socket = directory / "redis.sock"
        options = {
            "port": "0",
            "unixsocket": str(self.socket),
            "unixsocketperm": "777",
            "save": "",
            "dir": str(directory),
        }
        argv = ["redis-server", *(word for key, value in options.items() for word in (f"--{key}", value))]
        super().__init__("redis", argv, log=directory / "log")
        self.wait_for("its socket", lambda: answers(self.socket))

    @property
    def url(self) -> str:
        return f"unix://{self.socket}"


def answers(path: Path) -> bool:
    """Does a process accept connections on the unix socket at `path`?"""
    with socket.socket(socket.AF_UNIX) as client:
        try:
            client.connect(str(path))
        except OSError:
            return False
    return True
