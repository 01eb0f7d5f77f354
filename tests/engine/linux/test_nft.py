import pytest

from engine.errors import EngineError
from engine.linux.nft import Nft
from tests.engine.networkdriver.world import World, world

__all__ = ["world"]

pytestmark = pytest.mark.root

TABLE = {"add": {"table": {"family": "ip", "name": "t"}}}
CHAIN = {"add": {"chain": {"family": "ip", "table": "t", "name": "c"}}}
LIST = {"list": {"chains": None}}


def test_a_transaction_is_made_whole_or_not_at_all(world: World) -> None:
    async def scenario() -> None:
        nft = Nft()
        await nft.run(TABLE, CHAIN)
        assert [entry["chain"]["name"] for entry in await nft.listing(LIST) if "chain" in entry] == ["c"]
        bad = {"add": {"chain": {"family": "ip", "table": "missing", "name": "d"}}}
        with pytest.raises(EngineError, match=r"nftables refused add chain, add chain: .*No such file"):
            await nft.run({"add": {"chain": {"family": "ip", "table": "t", "name": "d"}}}, bad)
        assert [entry["chain"]["name"] for entry in await nft.listing(LIST) if "chain" in entry] == ["c"]
        nft.close()

    world.host.live(scenario)
