"""A console of the tests' own: a process with its own database, before one engine."""

import signal
import sys

from tests.support import hostnet, session
from tests.support.engine import EngineProcess
from tests.support.process import Child
from tests.support.redis import RedisServer
from tests.support.waiting import until


class Console:
    """The web process alone. `url` is its address; the administrator `admin` has `password`."""

    password = "a-password-for-tests"

    def __init__(self, engine: EngineProcess, redis: RedisServer, **environment: str) -> None:
        self.url = f"http://127.0.0.1:{hostnet.free_port()}"
        address = self.url.removeprefix("http://")
        self._environment = {
            "PORTSIDE_HOME": str(session.directory("console")),
            "PORTSIDE_RUN": str(engine.socket.parent),
            "PORTSIDE_HTTP": address,
            "PORTSIDE_ADMIN_PASSWORD": self.password,
            "REDIS_URL": redis.url,
            "DATABASE_URL": "",
            **environment,
        }
        self._manage("migrate", "--verbosity=0")
        self._manage("ensure_admin")
        self._start()

    def close(self) -> None:
        self._web.stop()

    def kill9(self) -> None:
        self._web.signal(signal.SIGKILL)
        self._web.wait()

    def restart(self) -> None:
        """Start again after `kill9()`, at the same address."""
        self._start()

    @property
    def pid(self) -> int:
        return self._web.pid

    def _start(self) -> None:
        port = self.url.rpartition(":")[2]
        argv = [sys.executable, "-m", "uvicorn", "dashboard.asgi:application", "--port", port]
        self._web = Child("web", argv, env=self._environment)
        self._web.wait_for("its greeting", lambda: "running on" in self._web.output(), seconds=60)

    def log(self) -> str:
        return self._web.output()

    def _manage(self, *words: str) -> None:
        child = Child("manage", [sys.executable, "manage.py", *words], env=self._environment)
        code = until(f"manage.py {words[0]}", lambda: [child.exit_code] if child.exit_code is not None else [])[0]
        assert code == 0, child.output()
