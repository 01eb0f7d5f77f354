"""Servers of git and of files, on ports that the kernel chooses."""

from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path

import pytest
from aiohttp import web
from aiohttp.test_utils import BaseTestServer, TestServer

from tests.support.gitserver import GitServer

Serve = Callable[[web.Application], AbstractAsyncContextManager[BaseTestServer]]


@pytest.fixture
def git_server(tmp_path: Path) -> Iterator[GitServer]:
    base = tmp_path / "repositories"
    base.mkdir()
    server = GitServer(base)
    yield server
    server.close()


@pytest.fixture
def serve() -> Serve:
    @asynccontextmanager
    async def running(application: web.Application) -> AsyncIterator[BaseTestServer]:
        async with TestServer(application) as server:
            yield server

    return running


@pytest.fixture
def scratch(tmp_path: Path) -> Path:
    """In a folder that nobody else may enter, as the engine's are."""
    closed = tmp_path / "closed"
    closed.mkdir(mode=0o700)
    place = closed / "scratch"
    place.mkdir(mode=0o700)
    return place
