import asyncio
import threading

import pytest

from engine.image.threads import finish_in_thread


async def test_a_cancelled_caller_waits_for_its_thread() -> None:
    go, started, ended = threading.Event(), threading.Event(), threading.Event()

    def work() -> None:
        started.set()
        go.wait(10)
        ended.set()

    async with asyncio.TaskGroup() as group:
        task = group.create_task(finish_in_thread(work))
        await asyncio.to_thread(started.wait, 10)
        task.cancel()
        await asyncio.sleep(0.01)
        assert not task.done()
        go.set()
    assert ended.is_set()
    assert task.cancelled()


async def test_results_and_errors() -> None:
    assert await finish_in_thread(lambda number: number + 1, 1) == 2
    with pytest.raises(ZeroDivisionError):
        await finish_in_thread(lambda: 1 / 0)
