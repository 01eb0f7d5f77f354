"""The application on a real socket, over as much of an engine as a test needs."""

import tempfile
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack
from dataclasses import fields
from pathlib import Path
from typing import Any, cast

import pytest
from hypothesis import settings

from engine.config import Config
from engine.events import EventBus
from engine.server.app import make_app
from engine.server.services import Services
from tests.engine.server.client import Api

# An example may take any time on a busy machine: no deadline is asserted.
settings.register_profile("patient", deadline=None)
settings.load_profile("patient")

Serve = Callable[..., Awaitable[Api]]


@pytest.fixture
async def serve() -> AsyncIterator[Serve]:
    """`await serve(containers=…, volumes=…)` gives a client of an engine that has these services and no others."""
    async with AsyncExitStack() as stack:
        # Not pytest's own directory: its path, with the test's name in it, can be too long for a socket.
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="server-")))
        config = Config(home=folder / "home", run=folder / "run", group="root")

        async def start(**parts: Any) -> Api:
            missing = {part.name: cast(Any, None) for part in fields(Services)}
            services = Services(**{**missing, "config": config, "events": EventBus(), **parts})
            return await stack.enter_async_context(Api(make_app(services), config))

        yield start
