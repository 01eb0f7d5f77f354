from pathlib import Path

import pytest

from engine.network.creation import NetworkRequest
from engine.network.service import Networks
from tests.engine.networkdriver.play import play
from tests.engine.networkdriver.world import World

pytestmark = pytest.mark.root


def test_the_hosts_own_way_by_a_routers_word_is_kept(world: World) -> None:
    """A kernel that starts to forward IPv6 forgets what routers announced, and hears them no more."""
    world.host.shell("sysctl", "-qw", "net.ipv6.conf.uplink.accept_ra=1")

    async def scenario(networks: Networks) -> None:
        forwarding = Path("/proc/sys/net/ipv6/conf/all/forwarding")
        assert forwarding.read_text() == "0\n"
        await networks.create(NetworkRequest(name="plain"))
        assert forwarding.read_text() == "0\n"
        await networks.create(NetworkRequest(name="dual", has_ipv6=True))
        assert forwarding.read_text() == "1\n"
        assert Path("/proc/sys/net/ipv6/conf/uplink/accept_ra").read_text() == "2\n"
        bridge = networks.resolve("dual").interface
        assert Path(f"/proc/sys/net/ipv6/conf/{bridge}/accept_ra").read_text() == "0\n"

    play(world, scenario)
