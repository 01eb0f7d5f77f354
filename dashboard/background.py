"""Background tasks: each has a name and an owner, and its failure is never silent."""

import asyncio
import logging
from collections.abc import Coroutine
from typing import Any, Final

CANCEL_AGAIN_SECONDS: Final = 1.0

log = logging.getLogger(__name__)


def spawn(coroutine: Coroutine[Any, Any, None], *, name: str) -> asyncio.Task[None]:
    """Start `coroutine` as a task called `name`. The caller keeps it, and ends it with `stop()`."""
    task = asyncio.get_running_loop().create_task(coroutine, name=name)
    task.add_done_callback(_report)
    return task


async def stop(task: asyncio.Task[Any]) -> None:
    """Cancel `task` and wait until it has ended, however it ends.

    A cancellation can get lost on the way (Python 3.11's wait_for drops one that meets the result), so it is repeated.
    """
    while not task.done():
        task.cancel()
        await asyncio.wait([task], timeout=CANCEL_AGAIN_SECONDS)


def _report(task: asyncio.Task[None]) -> None:
    if not task.cancelled() and (error := task.exception()) is not None:
        log.error("Task %s failed: %s", task.get_name(), error, exc_info=error)
