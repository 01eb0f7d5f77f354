"""Every driver in turn, on a folder of its own, which it must leave as it found it."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from engine.graphdriver.driver import GraphDriver
from engine.graphdriver.overlay import OverlayDriver
from engine.graphdriver.vfs.driver import VfsDriver
from engine.linux.mounts import mounted_below


@pytest.fixture(params=[OverlayDriver, VfsDriver], ids=lambda kind: kind.name)
async def driver(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[GraphDriver]:
    root = tmp_path / "graph"
    made = request.param(root)
    yield made
    await made.sweep((), ())
    made.close()
    assert mounted_below(tmp_path) == []
    assert sorted(path.name for path in root.rglob("*")) == ["containers", "layers", "none", "staging", "trash"]
