"""Several loops that serve one thing: when the first ends, all do."""

import asyncio
from collections.abc import Coroutine
from typing import Any, TypeVar

from dashboard.background import stop

T = TypeVar("T")


async def race(**loops: Coroutine[Any, Any, T]) -> T:
    """Run `loops`, by the names of their tasks, side by side; the first one's result or exception is this call's.

    The others are cancelled and have ended by then. Of several that end together the one named first wins.
    """
    tasks = [asyncio.get_running_loop().create_task(loop, name=name) for name, loop in loops.items()]
    try:
        done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        return next(task for task in tasks if task in done).result()
    finally:
        await asyncio.gather(*(stop(task) for task in tasks))
        # Those of the losers are nobody's: taken, so that asyncio does not report them.
        await asyncio.gather(*tasks, return_exceptions=True)
