import asyncio

import pytest

from dashboard.terminal.race import race


async def forever() -> int:
    await asyncio.Event().wait()
    return 0


async def now() -> int:
    return 7


async def loses_one_cancellation() -> int:
    """As Redis' client can, when it meets a result."""
    try:
        await asyncio.sleep(100)
    except asyncio.CancelledError:
        await asyncio.sleep(100)
    return 0


async def fails() -> int:
    raise LookupError("gone")


async def test_the_first_wins_and_the_others_end() -> None:
    assert await race(slow=forever(), quick=now()) == 7
    assert len(asyncio.all_tasks()) == 1


async def test_a_failure_is_a_result() -> None:
    with pytest.raises(LookupError, match="gone"):
        await race(bad=fails(), slow=forever())


async def test_a_cancellation_that_was_lost_is_repeated() -> None:
    async with asyncio.timeout(10):
        assert await race(quick=now(), stubborn=loses_one_cancellation()) == 7
    assert len(asyncio.all_tasks()) == 1
