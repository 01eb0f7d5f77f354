import asyncio

from engine.image.locks import NamedLocks


async def test_one_at_a_time_for_each_name() -> None:
    locks = NamedLocks()
    inside: list[str] = []

    async def work(name: str) -> None:
        async with locks.hold(name):
            assert name not in inside
            inside.append(name)
            await asyncio.sleep(0)
            inside.remove(name)

    await asyncio.gather(*(work(name) for name in "aabbab"))
    assert (locks._locks, locks._users) == ({}, {})


async def test_a_cancelled_waiter_leaves_the_lock_to_others() -> None:
    locks = NamedLocks()
    order: list[str] = []

    async def work(label: str) -> None:
        async with locks.hold("x"):
            order.append(label)

    async with asyncio.TaskGroup() as group, locks.hold("x"):
        first = group.create_task(work("first"))
        group.create_task(work("second"))
        await asyncio.sleep(0)
        first.cancel()
        await asyncio.sleep(0)
    assert order == ["second"]
    assert locks._locks == {}
