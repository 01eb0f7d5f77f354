"""Workers that are forked from one process: started, cancelled, killed, and the process itself killed."""

import asyncio
import os
import signal
from pathlib import Path
from typing import Any

import psutil
import pytest

from engine import tasks
from engine.container.archive import child, nursery
from engine.container.archive.child import PathMissing
from engine.container.archive.nursery import Nursery
from engine.container.archive.view import View
from engine.errors import EngineError

pytestmark = pytest.mark.root


@pytest.fixture
async def ready():
    made = Nursery()
    yield made
    made.close()
    assert made._working == 0


@pytest.fixture
def view(tmp_path: Path) -> View:
    (tmp_path / "file").write_bytes(b"words")
    return View(root=str(tmp_path))


async def size(ready: Nursery, view: View) -> int:
    async with child.started(ready, view, action="stat", path="/file") as worker:
        return int((await worker.answer())["size"])


async def test_each_order_has_a_worker_and_all_have_one_nursery(ready: Nursery, view: View):
    assert await asyncio.gather(*(size(ready, view) for _ in range(10))) == [5] * 10
    assert ready._process is not None
    assert psutil.Process(ready._process.pid).children() == []
    with pytest.raises(PathMissing):
        async with child.started(ready, view, action="stat", path="/none") as worker:
            await worker.answer()


async def test_a_nursery_that_was_killed_is_replaced(ready: Nursery, view: View):
    await size(ready, view)
    assert ready._process is not None
    ready._process.kill()
    ready._process.wait()
    assert await size(ready, view) == 5


async def test_a_worker_that_is_killed_says_so(ready: Nursery, view: View):
    order = {"action": "write", "path": "/", "keep_kinds": False, "as_user": ""}
    async with child.started(ready, view, **order) as worker:
        await worker.answer()
        worker._worker.kill()
        with pytest.raises(EngineError, match="the process ended with -9"):
            await worker.answer()
    assert await size(ready, view) == 5


async def test_who_leaves_early_leaves_nothing(ready: Nursery, view: View):
    before = _descriptors()
    owner: set[asyncio.Task[Any]] = set()
    for number in range(5):
        tasks.spawn(size(ready, view), name=f"{number}", owner=owner)
    await asyncio.sleep(0)
    await tasks.cancel_all(owner)
    assert await size(ready, view) == 5
    ready.close()
    assert _descriptors() == before


def _descriptors() -> int:
    return sum(1 for _ in Path("/proc/self/fd").iterdir())


async def test_it_goes_when_nobody_needs_it(ready: Nursery, view: View, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(nursery, "_IDLE_S", 0.1)
    order = {"action": "write", "path": "/", "keep_kinds": False, "as_user": ""}
    async with child.started(ready, view, **order) as worker:
        await worker.answer()
        pid = ready._process and ready._process.pid
        await asyncio.sleep(0.3)
        assert ready._process is not None, "a worker still works"
    assert pid
    while ready._process is not None:
        await asyncio.sleep(0.01)
    with pytest.raises(ProcessLookupError):
        os.kill(pid, signal.SIGCONT)
    assert await size(ready, view) == 5
