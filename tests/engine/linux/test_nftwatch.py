import asyncio

import pytest

from engine.linux.nft import Nft
from engine.linux.nftwatch import Change, RulesetEvents
from tests.engine.linux.test_nft import CHAIN, TABLE
from tests.engine.networkdriver.world import World, world

__all__ = ["world"]

pytestmark = pytest.mark.root


def test_changes_are_told_with_their_maker_and_tables(world: World) -> None:
    async def scenario() -> list[Change]:
        nft = Nft()
        events = RulesetEvents()
        elements = {"family": "ip", "table": "t", "name": "s"}
        await nft.run(TABLE, CHAIN, {"add": {"set": {**elements, "type": "inet_service"}}})
        (first,) = events.read()
        assert first.tables == frozenset({"t"})
        await nft.run({"add": {"element": {**elements, "elem": [80]}}})
        world.host.shell("nft", "add table inet other; add chain inet other c")
        seen = events.read()
        assert events.read() == []
        assert seen[0].maker == first.maker
        events.close()
        nft.close()
        return seen

    ours, others = world.host.live(scenario)
    assert (ours.tables, ours.element_tables) == (frozenset(), frozenset({"t"}))
    assert others.tables == frozenset({"other"})
    assert others.maker not in {0, ours.maker}


def test_too_many_changes_at_once_are_told_as_unknown(world: World) -> None:
    async def scenario() -> list[Change]:
        events = RulesetEvents()
        many = "".join(f"add chain ip t c{number};" for number in range(2000))
        for _ in range(12):
            await asyncio.to_thread(world.host.shell, "nft", f"add table ip t; {many} delete table ip t;")
        seen = events.read()
        events.close()
        return seen

    assert any(change.is_unknown for change in world.host.live(scenario))
