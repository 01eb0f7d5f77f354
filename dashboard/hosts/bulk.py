"""The same for many objects of an engine."""

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from typing import Final

from dashboard.hosts.client import EngineFailure

#: How many requests are under way at a time: enough to be quick, too few to keep others waiting.
AT_ONCE: Final = 8


async def for_each(names: Iterable[str], do: Callable[[str], Awaitable[None]]) -> None:
    """Call `do` for each name. All are tried, whatever happens to some.

    Raises one EngineFailure that has each refusal in a line of its own, and the status of the first.
    """
    gate = asyncio.Semaphore(AT_ONCE)

    async def attempt(name: str) -> EngineFailure | None:
        async with gate:
            try:
                await do(name)
            except EngineFailure as failure:
                return failure
            return None

    outcomes = await asyncio.gather(*(attempt(name) for name in dict.fromkeys(names)))
    if failures := [failure for failure in outcomes if failure is not None]:
        raise EngineFailure("\n".join(failure.message for failure in failures), failures[0].status)
