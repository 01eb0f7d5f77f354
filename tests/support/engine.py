"""An engine as users have it: `python -m engine`, a process of its own on a socket of its own."""

import signal
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import ClassVar

from engine.config import Config
from tests.support import leaks, session
from tests.support.docker_cli import Docker
from tests.support.process import Child
from tests.support.redis import answers


class EngineProcess:
    """One instance: its state and run-time directories outlive `kill9()` and `restart()`.

    `docker(...)` is the docker client on its socket. `close()` removes every container, ends the engine, and fails
    when that is not clean; the engine's log is in the failure.
    """

    #: All of this run, for a failing test to show their logs.
    started: ClassVar[list["EngineProcess"]] = []

    def __init__(self, *, environment: Mapping[str, str] | None = None) -> None:
        self.root = session.directory("e")
        self.config = Config(home=self.root / "h", run=self.root / "r")
        leaks.own(self.config)
        self.environment = {
            "PORTSIDE_HOME": str(self.config.home),
            "PORTSIDE_RUN": str(self.config.run),
            # A group that every machine has: the suite makes no system group.
            "PORTSIDE_GROUP": "root",
            "PORTSIDE_DEBUG": "1",
            **(environment or {}),
        }
        self.docker = Docker(self.socket)
        self._child: Child | None = None

    @property
    def socket(self) -> Path:
        return self.config.socket

    @property
    def log(self) -> Path:
        return self.root / "engine.log"

    @property
    def pid(self) -> int:
        return self._running.pid

    @property
    def is_running(self) -> bool:
        return self._running.exit_code is None

    def start(self) -> None:
        self._child = Child("engine", [sys.executable, "-m", "engine"], env=self.environment, log=self.log)
        if self not in self.started:
            self.started.append(self)
        self._child.wait_for("its socket", lambda: answers(self.socket), seconds=60)

    def stop(self) -> None:
        """End the engine as `systemctl stop` would; containers go on running."""
        code = self._running.stop()
        assert code == 0, f"engine ended with {code} on SIGTERM:\n{self._running.output()}"

    def kill9(self) -> None:
        self._running.signal(signal.SIGKILL)
        self._running.wait()

    def restart(self) -> None:
        """Start again after `stop()` or `kill9()`; returns when the socket answers."""
        assert not self.is_running, "the engine still runs"
        self.start()

    def remove_containers(self) -> None:
        if listed := self.docker("ps", "--all", "--quiet", "--no-trunc").split():
            self.docker("rm", "--force", "--volumes", *listed, timeout=120)

    def close(self) -> None:
        """Leave nothing: containers, then the engine itself."""
        if not self.is_running:
            self.restart()
        try:
            self.remove_containers()
        except Exception as error:
            self._running.kill()
            error.add_note(f"engine's log:\n{self._running.output()}")
            raise
        self.stop()

    @property
    def _running(self) -> Child:
        assert self._child is not None, "the engine was not started"
        return self._child
