from pathlib import Path

import pytest

from supervisor.settings import Settings


def test_defaults() -> None:
    settings = Settings.from_environment({})

    assert settings.home == Path("/var/lib/portside")
    assert settings.engine_socket == Path("/run/portside/engine.sock")
    assert settings.console_address == "http://127.0.0.1:8000/"
    assert settings.console_environment["REDIS_URL"] == "unix:///run/portside/console/redis.sock"


def test_the_consoles_group_may_use_the_engine() -> None:
    for user, group in (("www-data", "www-data"), ("nobody", "nogroup"), ("not-made-yet", "not-made-yet")):
        settings = Settings.from_environment({"PORTSIDE_USER": user})
        assert settings.engine_environment["PORTSIDE_GROUP"] == group


@pytest.mark.parametrize(
    ("value", "address"),
    [
        ("0.0.0.0:80", "http://localhost:80/"),
        ("[::1]:8000", "http://[::1]:8000/"),
        ("box.example:1", "http://box.example:1/"),
    ],
)
def test_the_address_is_one_to_click_on(value: str, address: str) -> None:
    assert Settings.from_environment({"PORTSIDE_HTTP": value}).console_address == address


@pytest.mark.parametrize(
    ("name", "value"), [("PORTSIDE_HTTP", "8000"), ("PORTSIDE_HTTP", "host:http"), ("PORTSIDE_HOME", "here")]
)
def test_what_cant_be_read_is_named(name: str, value: str) -> None:
    with pytest.raises(SystemExit, match=name):
        Settings.from_environment({name: value})


def test_the_console_gets_no_secret_of_roots() -> None:
    settings = Settings.from_environment({
        "PATH": "/bin",
        "CLOUD_TOKEN": "secret",
        "PORTSIDE_ADMIN_PASSWORD": "secret",
        "PORTSIDE_DEBUG": "1",
        "REDIS_URL": "redis://elsewhere",
    })  # fmt: skip

    assert "secret" not in settings.console_environment.values()
    assert settings.console_environment["PORTSIDE_DEBUG"] == "1"
    assert settings.console_environment["REDIS_URL"] == "redis://elsewhere"
    assert "PORTSIDE_ADMIN_PASSWORD" not in settings.engine_environment
