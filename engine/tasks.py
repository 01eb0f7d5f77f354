"""Background tasks: each has a name and an owner, and its failure is never silent."""

import asyncio
from collections.abc import Coroutine
from typing import Any, TypeVar

import structlog

log = structlog.get_logger(__name__)

T = TypeVar("T")


def spawn(coroutine: Coroutine[Any, Any, T], *, name: str, owner: set[asyncio.Task[Any]]) -> asyncio.Task[T]:
    """Start `coroutine` as a task called `name`, held by `owner` until it ends.

    The owner keeps the task alive (asyncio holds only a weak reference) and can cancel it. A task that fails is
    logged with its name; one that somebody awaits raises there as well.
    """
    task = asyncio.get_running_loop().create_task(coroutine, name=name)
    owner.add(task)
    task.add_done_callback(owner.discard)
    task.add_done_callback(_report)
    return task


async def cancel_all(owner: set[asyncio.Task[Any]]) -> None:
    """Cancel what `owner` still holds and wait until all of it has ended."""
    tasks = [task for task in owner if task is not asyncio.current_task()]
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


def _report(task: asyncio.Task[Any]) -> None:
    if not task.cancelled() and (error := task.exception()) is not None:
        log.error("task failed", task=task.get_name(), error=str(error), exc_info=error)


async def first(*coroutines: Coroutine[Any, Any, Any]) -> None:
    """Run all, return when the first has ended (raising what it raised), and end the others."""
    owner: set[asyncio.Task[Any]] = set()
    tasks = [spawn(coroutine, name=f"first of {len(coroutines)}", owner=owner) for coroutine in coroutines]
    try:
        done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        for task in done:
            task.result()
    finally:
        await cancel_all(owner)
