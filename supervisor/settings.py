"""Where things are at run time, from the `PORTSIDE_*` environment, `DATABASE_URL` and `REDIS_URL`."""

import getpass
import grp
import os
import pwd
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

CHECKOUT: Final = Path(__file__).resolve().parent.parent

#: What the parts without root are told of this process's environment; a root's variables hold secrets of others.
_PASSED_ON: Final = frozenset({"PATH", "LANG", "TZ", "TERM", "DATABASE_URL", "SSL_CERT_FILE", "SSL_CERT_DIR"})


@dataclass(frozen=True)
class Settings:
    """One installation. `redis_url` is empty where Portside runs a Redis of its own."""

    home: Path
    run: Path
    host: str
    port: int
    user: str
    redis_url: str
    #: Where the engine is to be reached by TCP; empty for nowhere.
    tcp: str
    environment: Mapping[str, str]

    @classmethod
    def from_environment(cls, environment: Mapping[str, str] = os.environ) -> "Settings":
        """Raises SystemExit, with the variable's name, where one can't be read."""
        host, port = _address(environment.get("PORTSIDE_HTTP") or "127.0.0.1:8000")
        return cls(
            home=_absolute(environment, "PORTSIDE_HOME", "/var/lib/portside"),
            run=_absolute(environment, "PORTSIDE_RUN", "/run/portside"),
            host=host,
            port=port,
            user=environment.get("PORTSIDE_USER") or _default_user(),
            redis_url=environment.get("REDIS_URL", ""),
            tcp=_tcp(environment.get("PORTSIDE_TCP", "")),
            environment=environment,
        )

    @property
    def engine_socket(self) -> Path:
        return self.run / "engine.sock"

    @property
    def console_state(self) -> Path:
        """The console's own: its database and its key."""
        return self.home / "console"

    @property
    def console_run(self) -> Path:
        """The console's own: Redis' socket. The run directory itself is root's, and the engine's socket lies in it."""
        return self.run / "console"

    @property
    def redis_socket(self) -> Path:
        return self.console_run / "redis.sock"

    @property
    def app(self) -> Path:
        """Where the parts without root find the code, wherever the checkout lies."""
        return self.run / "app"

    @property
    def console_address(self) -> str:
        host = {"0.0.0.0": "localhost", "::": "localhost"}.get(self.host, self.host)  # noqa: S104  # compared with
        return f"http://{f'[{host}]' if ':' in host else host}:{self.port}/"

    @property
    def engine_environment(self) -> dict[str, str]:
        """Everything: proxies, locale and PORTSIDE_* are the engine's as they are the administrator's."""
        kept = {key: value for key, value in self.environment.items() if key != "PORTSIDE_ADMIN_PASSWORD"}
        return {**kept, **self._own, "PORTSIDE_GROUP": self.environment.get("PORTSIDE_GROUP") or _group_of(self.user)}

    @property
    def console_environment(self) -> dict[str, str]:
        named = {
            key: value
            for key, value in self.environment.items()
            if key in _PASSED_ON or (key.startswith(("PORTSIDE_", "LC_")) and key != "PORTSIDE_ADMIN_PASSWORD")
        }
        redis = self.redis_url or f"unix://{self.redis_socket}"
        return {**named, **self._own, "REDIS_URL": redis, "HOME": str(self.console_state)}

    @property
    def _own(self) -> dict[str, str]:
        return {"PORTSIDE_HOME": str(self.home), "PORTSIDE_RUN": str(self.run), "PYTHONUNBUFFERED": "1"}


def _default_user() -> str:
    """Root starts the console as a system user; a normal user runs it as himself, and the engine alone by sudo."""
    return "portside" if os.geteuid() == 0 else getpass.getuser()


def _group_of(user: str) -> str:
    """The user's own group; for a system user that is yet to be made, the group that it will have."""
    try:
        return grp.getgrgid(pwd.getpwnam(user).pw_gid).gr_name
    except KeyError:
        return user


def _tcp(text: str) -> str:
    _host, colon, port = text.rpartition(":")
    if text and not (colon and port.isdecimal()):
        raise SystemExit(f"PORTSIDE_TCP must be ADDRESS:PORT, such as 0.0.0.0:2376, not {text!r}")
    return text


def _absolute(environment: Mapping[str, str], name: str, default: str) -> Path:
    path = Path(environment.get(name) or default)
    if not path.is_absolute():
        raise SystemExit(f"{name} must be an absolute path, not {str(path)!r}")
    return path


def _address(text: str) -> tuple[str, int]:
    host, _, port = text.rpartition(":")
    if not host or not port.isdecimal():
        raise SystemExit(f"PORTSIDE_HTTP must be HOST:PORT, not {text!r}")
    return host.strip("[]"), int(port)
