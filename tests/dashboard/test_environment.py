import stat
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from django.core.exceptions import ImproperlyConfigured

from dashboard.environment import POOL, Environment


def test_defaults_are_those_of_an_installed_console() -> None:
    environment = Environment.current({"PORTSIDE_HTTP": "", "PORTSIDE_DEBUG": "0"})
    assert environment.state == Path("/var/lib/portside/console")
    assert environment.engine_url == "unix:///run/portside/engine.sock"
    assert environment.redis == "unix:///run/portside/redis.sock"
    assert environment.database()["NAME"] == Path("/var/lib/portside/console/console.sqlite3")
    assert not environment.debug


@pytest.mark.parametrize(
    ("http", "extra", "hosts"),
    [
        ("127.0.0.1:8000", "", ["localhost", "127.0.0.1", "[::1]"]),
        ("10.0.0.5:80", "", ["localhost", "127.0.0.1", "[::1]", "10.0.0.5"]),
        (
            "10.0.0.5:80",
            "portside.lan, other",
            ["localhost", "127.0.0.1", "[::1]", "10.0.0.5", "portside.lan", "other"],
        ),
    ],
)
def test_only_known_names_are_answered(http: str, extra: str, hosts: list[str]) -> None:
    assert Environment.current({"PORTSIDE_HTTP": http, "PORTSIDE_ALLOWED_HOSTS": extra}).hosts() == hosts


def test_on_every_address_the_machines_own_name_is_answered_and_no_wildcard(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("socket.gethostname", lambda: "box")
    assert Environment.current({"PORTSIDE_HTTP": "0.0.0.0:80"}).hosts()[-1] == "box"


def test_postgresql_by_url() -> None:
    url = "postgresql://us%40er:p%2Fw@db.lan:5433/portside?sslmode=require"
    database = Environment.current({"DATABASE_URL": url}).database()
    assert (database["USER"], database["PASSWORD"]) == ("us@er", "p/w")
    assert (database["HOST"], database["PORT"], database["NAME"]) == ("db.lan", "5433", "portside")
    assert database["OPTIONS"] == {"sslmode": "require", "pool": POOL}


def test_sqlite_by_url() -> None:
    assert Environment.current({"DATABASE_URL": "sqlite:////srv/a%20b.db"}).database()["NAME"] == Path("/srv/a b.db")


def test_another_database_is_named_in_the_error() -> None:
    with pytest.raises(ImproperlyConfigured, match="mysql"):
        Environment.current({"DATABASE_URL": "mysql://x/y"}).database()


def test_the_key_is_made_once_and_for_its_owner_alone(tmp_path: Path) -> None:
    environment = Environment(home=tmp_path)
    environment.make_state_directory()
    with ThreadPoolExecutor(8) as pool:
        keys = {future.result() for future in [pool.submit(environment.secret_key) for _ in range(16)]}
    assert len(keys) == 1
    assert len(keys.pop()) > 50
    files = list(environment.state.iterdir())
    assert [file.name for file in files] == ["secret.key"]
    assert stat.S_IMODE(files[0].stat().st_mode) == 0o600
    assert stat.S_IMODE(environment.state.stat().st_mode) == 0o700


def test_without_a_state_directory_nothing_is_written(tmp_path: Path) -> None:
    environment = Environment(home=tmp_path / "absent")
    assert environment.secret_key() != environment.secret_key()
    assert not environment.home.exists()
