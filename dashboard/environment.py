"""What the console is told from outside: the `PORTSIDE_*` environment, `DATABASE_URL` and `REDIS_URL`."""

import os
import secrets
import socket
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final
from urllib.parse import parse_qsl, unquote, urlsplit

from cryptography.fernet import Fernet
from django.core.exceptions import ImproperlyConfigured

DEFAULT_HOME: Final = Path("/var/lib/portside")
DEFAULT_RUN: Final = Path("/run/portside")
DEFAULT_HTTP: Final = "127.0.0.1:8000"
LOCAL_NAMES: Final = ("localhost", "127.0.0.1", "[::1]")
#: Addresses that mean "every address of this machine"; no browser sends them as its Host.
WILDCARDS: Final = frozenset({"", "0.0.0.0", "[::]"})  # noqa: S104  # compared with, never bound
#: Connections of one process: it opens what it needs, and lets go of what it does not.
POOL: Final = {"min_size": 1, "max_size": 16, "timeout": 20}
POSTGRES: Final = frozenset({"postgres", "postgresql"})


@dataclass(frozen=True)
class Environment:
    """One console's settings, as web, workers and `manage.py` share them."""

    home: Path = DEFAULT_HOME
    run: Path = DEFAULT_RUN
    http: str = DEFAULT_HTTP
    database_url: str = ""
    redis_url: str = ""
    allowed_hosts: tuple[str, ...] = ()
    https: bool = False
    debug: bool = False

    @classmethod
    def current(cls, environment: Mapping[str, str] = os.environ) -> "Environment":
        """The settings of this process; an empty variable counts as unset."""
        return cls(
            home=Path(environment.get("PORTSIDE_HOME") or DEFAULT_HOME),
            run=Path(environment.get("PORTSIDE_RUN") or DEFAULT_RUN),
            http=environment.get("PORTSIDE_HTTP") or DEFAULT_HTTP,
            database_url=environment.get("DATABASE_URL", ""),
            redis_url=environment.get("REDIS_URL", ""),
            allowed_hosts=_listed(environment.get("PORTSIDE_ALLOWED_HOSTS", "")),
            https=_is_on(environment.get("PORTSIDE_HTTPS", "")),
            debug=_is_on(environment.get("PORTSIDE_DEBUG", "")),
        )

    @property
    def state(self) -> Path:
        """The console's own directory: its database and its key. Web and workers own it; the engine stays out."""
        return self.home / "console"

    @property
    def engine_url(self) -> str:
        return f"unix://{self.run / 'engine.sock'}"

    @property
    def redis(self) -> str:
        return self.redis_url or f"unix://{self.run / 'redis.sock'}"

    @property
    def port(self) -> str:
        return self.http.rpartition(":")[2]

    def make_state_directory(self) -> None:
        self.state.mkdir(mode=0o700, parents=True, exist_ok=True)

    def hosts(self) -> list[str]:
        """The Host headers that the console answers to: what keeps a rebound DNS name out."""
        bound = self.http.rpartition(":")[0]
        own = [socket.gethostname()] if bound in WILDCARDS else [bound]
        return list(dict.fromkeys((*LOCAL_NAMES, *own, *self.allowed_hosts)))

    def secret_key(self) -> str:
        """The key that signs sessions, made at first start and readable by its owner alone.

        Without a state directory (a type checker or a test imports the settings) the key lives as long as the
        process: `manage.py` makes the directory, and nothing else does.
        """
        return self._kept("secret.key", secrets.token_urlsafe(48))

    @property
    def sealing_key_file(self) -> Path:
        return self.state / "sealing.keys"

    def sealing_keys(self) -> list[str]:
        """The keys that seal secrets in the database, Fernet's, the one in use first; made as `secret_key` is."""
        return self._kept(self.sealing_key_file.name, Fernet.generate_key().decode("ascii")).split()

    def _kept(self, name: str, fresh: str) -> str:
        """The text of a file in the state directory, which is `fresh` where there is no file yet."""
        if not self.state.is_dir():
            return fresh
        path = self.state / name
        try:
            return path.read_text("ascii").strip()
        except FileNotFoundError:
            return _make_key(path, fresh)

    def database(self) -> dict[str, Any]:
        """Django's settings for `DATABASE_URL`: PostgreSQL, or SQLite (the default, in the state directory).

        Raises ImproperlyConfigured for any other scheme.
        """
        if not self.database_url:
            return _sqlite(self.state / "console.sqlite3")
        url = urlsplit(self.database_url)
        if url.scheme == "sqlite":
            return _sqlite(Path("/", unquote(url.path).lstrip("/")))
        if url.scheme in POSTGRES:
            return _postgresql(self.database_url)
        raise ImproperlyConfigured(f"DATABASE_URL: {url.scheme!r} is neither sqlite nor postgresql")


def _make_key(path: Path, text: str) -> str:
    """Link a finished file into place: of two processes that start together one wins, and both read its key."""
    draft = path.with_name(f"{path.name}.{secrets.token_hex(4)}")
    draft.touch(mode=0o600)
    draft.write_text(text + "\n", "ascii")
    try:
        path.hardlink_to(draft)
    except FileExistsError:
        pass
    finally:
        draft.unlink()
    return path.read_text("ascii").strip()


def _sqlite(path: Path) -> dict[str, Any]:
    return {
        "ENGINE": "django.db.backends.sqlite3",
        "NAME": path,
        "OPTIONS": {
            # Web and workers write at the same time: WAL lets readers go on, and IMMEDIATE takes the write lock when
            # a transaction begins, where waiting for it (`timeout`, seconds) works; an upgrade halfway fails at once.
            "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL; PRAGMA foreign_keys=ON",
            "transaction_mode": "IMMEDIATE",
            "timeout": 20,
        },
    }


def _postgresql(database_url: str) -> dict[str, Any]:
    url = urlsplit(database_url)
    return {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": unquote(url.path.removeprefix("/")),
        "USER": unquote(url.username or ""),
        "PASSWORD": unquote(url.password or ""),
        "HOST": unquote(url.hostname or ""),
        "PORT": str(url.port or ""),
        # Each request of the web has a thread of its own, and would open a connection of its own: most of its time.
        "OPTIONS": dict(parse_qsl(url.query)) | {"pool": POOL},
    }


def _listed(text: str) -> tuple[str, ...]:
    return tuple(item for item in (part.strip() for part in text.split(",")) if item)


def _is_on(text: str) -> bool:
    return text.lower() not in {"", "0", "false", "no"}
