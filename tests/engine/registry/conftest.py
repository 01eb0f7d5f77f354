import platform
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from engine.config import Config
from engine.events import EventBus
from engine.graphdriver.overlay import OverlayDriver
from engine.image.platform import Platform
from engine.image.reference import parse
from engine.image.service import Images
from engine.registry.auth import NOBODY, Credentials
from engine.registry.puller import Puller
from engine.store import Database
from tests.engine.registry.standin import StandIn

AMD64 = Platform("linux", "amd64")


@dataclass
class Store:
    """An image store with what pulls into it, on a directory of its own."""

    home: Path
    images: Images
    driver: OverlayDriver
    puller: Puller
    config: Config
    bus: EventBus
    events: list[tuple[str, str]] = field(default_factory=list)

    async def pull(self, ref: str, credentials: Credentials = NOBODY, platform: Platform | None = None) -> list[str]:
        """Pull; returns the messages as the CLI would print them, bars left out."""
        messages = self.puller.pull(parse(ref).with_default_tag(), platform or AMD64, credentials)
        return [_line(message) async for message in messages if not message.get("progressDetail")]

    def files(self) -> dict[str, list[str]]:
        """What lies in the store's folders, but for what is kept of blobs that came in half."""
        blobs = self.home / "images"
        return {
            "blobs": sorted(path.name for path in (blobs / "sha256").iterdir()),
            "ingest": [path.name for path in (blobs / "ingest").iterdir()],
            "layers": [path.name for path in (self.home / "overlay/layers").iterdir() if path.name != "none"],
            "staging": [path.name for path in (self.home / "overlay/staging").iterdir()],
        }


EMPTY: dict[str, list[str]] = {"blobs": [], "ingest": [], "layers": [], "staging": []}


def _line(message: dict[str, Any]) -> str:
    return f"{message['id']}: {message['status']}" if "id" in message else message["status"]


async def open_store(home: Path, **settings: Any) -> AsyncIterator[Store]:
    config = Config(home=home, run=home / "run", **settings)
    database = Database(config.database)
    driver = OverlayDriver(home / "overlay")
    events = EventBus()
    images = Images(home / "images", database, driver, events)
    store = Store(home, images, driver, Puller(config, images, events, pause=0.01), config, events)
    yield store
    await images.close()
    assert store.files()["ingest"] == store.files()["staging"] == []
    await driver.sweep((), ())
    driver.close()
    database.close()


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[Store]:
    async for opened in open_store(tmp_path):
        yield opened


@pytest.fixture
async def stand_in() -> AsyncIterator[StandIn]:
    async with StandIn() as server:
        yield server


@pytest.fixture
def host_platform() -> Platform:
    return Platform("linux", {"x86_64": "amd64", "aarch64": "arm64"}[platform.machine()])
