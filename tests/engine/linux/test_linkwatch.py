import pytest

from engine.linux.linkwatch import DeletedLinks
from tests.engine.networkdriver.world import World, world

__all__ = ["world"]

pytestmark = pytest.mark.root


def test_what_is_deleted_is_told_once(world: World) -> None:
    watch = world.host.run(DeletedLinks)
    try:
        world.host.shell("ip", "link", "add", "br7", "type", "bridge")
        assert watch.read() == frozenset()
        world.host.shell("ip", "link", "del", "br7")
        world.outside.shell("ip", "link", "del", "wan")  # takes its peer in the other namespace along
        assert watch.read() == frozenset({"br7", "uplink"})
        assert watch.read() == frozenset()
    finally:
        watch.close()
