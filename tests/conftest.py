"""Fixtures for all tests. What is slow to start (registry, images, one engine) starts once a session, on first use."""

import os
from collections.abc import Callable, Generator, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from django.conf import settings

from tests.support import images, leaks, session
from tests.support.engine import EngineProcess
from tests.support.redis import RedisServer
from tests.support.registry import Registry


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    if os.geteuid() != 0:
        for item in items:
            if item.get_closest_marker("root"):
                item.add_marker(pytest.mark.skip(reason="needs root"))


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport() -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Show with a failure what the engines have said last."""
    report = yield
    if report.failed:
        for engine in EngineProcess.started:
            report.sections.append((f"the end of {engine.log}", engine.log.read_text(errors="replace")[-8000:]))
    return report


@pytest.fixture(scope="session", autouse=True)
def nothing_is_left() -> Iterator[None]:
    """Fails the run when something of the tests' outlives it.

    PORTSIDE_TEST_SHARED=1 says that another run of the suite may be going on beside this one.
    """
    before = leaks.Snapshot.take()
    yield
    left = leaks.Snapshot.take().left_since(before, everything="PORTSIDE_TEST_SHARED" not in os.environ)
    assert not left, f"the tests left behind: {left}"


@pytest.fixture(scope="session")
def django_db_modify_db_settings(django_db_modify_db_settings_parallel_suffix: None) -> None:
    """SQLite in a file, as installations have it: threads race for its locks, and workers of their own share it."""
    database = settings.DATABASES["default"]
    if database["ENGINE"] == "django.db.backends.sqlite3":
        database["TEST"]["NAME"] = str(session.directory("db") / "console.sqlite3")


@pytest.fixture(scope="session")
def redis_server(nothing_is_left: None) -> Iterator[RedisServer]:
    """A private Redis; `.url` for REDIS_URL. Shared by all: use keys of your own."""
    with RedisServer() as server:
        yield server


@pytest.fixture(scope="session")
def busybox_layout() -> Path:
    """An OCI layout: busybox, one layer."""
    return images.busybox()


@pytest.fixture(scope="session")
def debian_layout() -> Path:
    """An OCI layout: a minimal Debian with bash, one layer of 80 MB."""
    return images.debian()


@pytest.fixture(scope="session")
def redis_layout() -> Path:
    """An OCI layout: redis-server on Debian, three layers, with whiteouts."""
    return images.redis()


@pytest.fixture(scope="session")
def registry(nothing_is_left: None) -> Iterator[Registry]:
    """An empty docker-registry on loopback; `.push(layout, "name:tag")` returns the reference to pull."""
    with Registry() as started:
        yield started


@pytest.fixture(scope="session")
def busybox(registry: Registry, busybox_layout: Path) -> str:
    """The reference of busybox in the registry."""
    return registry.push(busybox_layout, "busybox:latest")


@pytest.fixture(scope="session")
def debian(registry: Registry, debian_layout: Path) -> str:
    """The reference of the Debian image in the registry."""
    return registry.push(debian_layout, "debian:bookworm")


@pytest.fixture(scope="session")
def redis_image(registry: Registry, redis_layout: Path) -> str:
    """The reference of the Redis image, pushed with an OCI manifest, in the registry."""
    return registry.push(redis_layout, "redis:7", manifest="oci")


@pytest.fixture(scope="session")
def make_engine(nothing_is_left: None) -> Iterator[Callable[..., EngineProcess]]:
    """Starts engines (keyword `environment=`) that are closed, with all their containers, when the session ends."""
    with ExitStack() as stack:

        def make(**options: dict[str, str]) -> EngineProcess:
            engine = EngineProcess(**options)
            engine.start()
            stack.callback(engine.close)
            return engine

        yield make


@pytest.fixture(scope="session")
def shared_engine(make_engine: Callable[..., EngineProcess]) -> EngineProcess:
    """The session's engine. Tests use `engine`, which cleans up after each."""
    return make_engine()


@pytest.fixture
def engine(shared_engine: EngineProcess) -> Iterator[EngineProcess]:
    """The session's engine, without containers before and after the test. It may be killed: it is started again."""
    yield shared_engine
    if not shared_engine.is_running:
        shared_engine.restart()
    shared_engine.remove_containers()
