import asyncio
from typing import Any

import pytest

from engine import tasks


async def test_the_owner_holds_a_task_until_it_ends():
    owner: set[asyncio.Task[Any]] = set()
    task = tasks.spawn(asyncio.sleep(0, "result"), name="a name", owner=owner)
    assert owner == {task}
    assert task.get_name() == "a name"
    assert await task == "result"
    await asyncio.sleep(0)
    assert owner == set()


async def test_what_an_owner_holds_can_be_ended():
    owner: set[asyncio.Task[Any]] = set()
    task = tasks.spawn(asyncio.sleep(1000), name="long", owner=owner)
    await tasks.cancel_all(owner)
    assert task.cancelled()


async def test_the_first_to_end_ends_the_others():
    ended = []

    async def long():
        try:
            await asyncio.sleep(1000)
        finally:
            ended.append("long")

    await tasks.first(long(), asyncio.sleep(0))
    assert ended == ["long"]


async def test_what_the_first_raises_is_raised():
    async def fail():
        raise ValueError("because")

    with pytest.raises(ValueError, match="because"):
        await tasks.first(asyncio.sleep(1000), fail())
