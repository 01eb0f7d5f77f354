"""All of Portside as `make up` runs it: engine as root; web, worker, scheduler and Redis as a user without rights."""

import os
import pwd
import signal
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

import psutil

from engine.config import Config
from tests.support import hostnet, leaks, session
from tests.support.docker_cli import Docker
from tests.support.process import Child

USER = "portside"


class Stack:
    """One installation. `start()` and `stop()` may follow each other; `close()` removes every container as well.

    `url` is the console's address, `password` the one of its administrator `admin`.
    """

    password = "a-password-for-tests"

    def __init__(self, *, argv: Sequence[str] = (sys.executable, "-m", "supervisor"), **environment: str) -> None:
        self.root = session.directory("s")
        self.config = Config(home=self.root / "h", run=self.root / "r")
        leaks.own(self.config)
        self.url = f"http://127.0.0.1:{hostnet.free_port()}"
        self.docker = Docker(self.config.socket)
        self._argv = argv
        self._environment = environment
        self._had_user = _exists(USER)
        self.child: Child | None = None

    @property
    def environment(self) -> Mapping[str, str]:
        return {
            "PORTSIDE_HOME": str(self.config.home),
            "PORTSIDE_RUN": str(self.config.run),
            "PORTSIDE_HTTP": self.url.removeprefix("http://"),
            "PORTSIDE_ADMIN_PASSWORD": self.password,
            "PORTSIDE_USER": USER,
            "PORTSIDE_GROUP": USER,
            "DATABASE_URL": "",
            "REDIS_URL": "",
            **self._environment,
        }

    @property
    def log(self) -> Path:
        return self.root / "log"

    def start(self) -> None:
        before = self.log.read_text().count(self._greeting) if self.log.exists() else 0
        self.child = Child("portside", self._argv, env=self.environment, log=self.log)
        self.child.wait_for("its greeting", lambda: self.log.read_text().count(self._greeting) > before, seconds=90)

    def stop(self) -> None:
        """As Ctrl-C would; containers go on running."""
        assert self.child is not None
        if self.child.exit_code is None:
            # A terminal's Ctrl-C reaches the whole foreground group: make, when it is there, and the supervisor.
            os.killpg(self.child.pid, signal.SIGINT)
        self.child.wait(seconds=60)

    def close(self) -> None:
        try:
            if self.child is not None:
                if self.child.exit_code is not None:
                    self.start()
                if listed := self.docker("ps", "--all", "--quiet").split():
                    self.docker("rm", "--force", "--volumes", *listed)
                self.stop()
        finally:
            if not self._had_user and _exists(USER):
                subprocess.run(["userdel", USER], check=True)

    def processes(self) -> dict[str, str]:
        """The user of each part that runs, by the part's name."""
        marks = {
            "redis": "redis-server", "engine": "-m engine", "web": "-m uvicorn",
            "worker": "workers.app worker", "scheduler": "workers.app beat",
        }  # fmt: skip
        assert self.child is not None
        lines = [(process.username(), " ".join(process.cmdline())) for process in _descendants(self.child.pid)]
        return {name: user for name, mark in marks.items() for user, line in lines if mark in line}

    @property
    def _greeting(self) -> str:
        return f"Portside is at {self.url}/"


def _descendants(pid: int) -> list[psutil.Process]:
    return psutil.Process(pid).children(recursive=True)


def _exists(user: str) -> bool:
    try:
        pwd.getpwnam(user)
    except KeyError:
        return False
    return True
