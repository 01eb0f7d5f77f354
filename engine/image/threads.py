"""Work in threads that holds open files."""

import asyncio
import functools
from collections.abc import Callable
from typing import ParamSpec, TypeVar

P = ParamSpec("P")
T = TypeVar("T")


async def finish_in_thread(work: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """Run `work` in a thread. Cancelled, this returns only after the thread has ended.

    A thread can't be stopped: were it left behind, its caller would close the descriptor that it writes to, and the
    number may be another file's by then.
    """
    running = asyncio.get_running_loop().run_in_executor(None, functools.partial(work, *args, **kwargs))
    try:
        return await asyncio.shield(running)
    except asyncio.CancelledError:
        await asyncio.wait([running])
        raise
