"""Trying again what a registry, or the way to it, did not let through."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Final, TypeVar

from engine.errors import EngineError, Unavailable
from engine.registry.errors import Busy

#: How often one thing is tried: Docker's own number.
ATTEMPTS: Final = 5
#: Seconds before the second attempt; each further wait is that much longer.
PAUSE: Final = 2.0
#: No registry is waited for longer than this, in seconds, whatever its Retry-After says.
_LONGEST: Final = 120.0

#: Nor is anything but a blob waited for that a registry says it will have later than this, in seconds.
_PATIENCE: Final = 30.0

T = TypeVar("T")


async def pause_after(attempt: int, error: EngineError, *, pause: float, say: Callable[[str], None]) -> None:
    """Wait after the failed `attempt` (from 1), as long as the registry asked for or longer, and say so."""
    asked = error.retry_after if isinstance(error, Busy) else 0.0
    seconds = max(pause * attempt, min(asked, _LONGEST))
    say(f"Retrying in {seconds:g} second{'' if seconds == 1 else 's'}")
    await asyncio.sleep(seconds)


async def persist(step: Callable[[], Awaitable[T]], *, pause: float, say: Callable[[str], None]) -> T:
    """Run the step until it works, `ATTEMPTS` times at most; raises the last Unavailable, and other errors at once."""
    for attempt in range(1, ATTEMPTS):
        try:
            return await step()
        except Unavailable as error:
            await pause_after(attempt, error, pause=pause, say=say)
    return await step()


async def heed(step: Callable[[], Awaitable[T]]) -> T:
    """Run the step again as often as the registry asks for that, and says when: a question that costs it little.

    Raises what the step raises; Busy too, for one that has asked `ATTEMPTS` times, or for more than a little patience.
    """
    for _ in range(1, ATTEMPTS):
        try:
            return await step()
        except Busy as error:
            if error.retry_after > _PATIENCE:
                raise
            await asyncio.sleep(error.retry_after)
    return await step()
