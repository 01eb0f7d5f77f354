import asyncio
from ipaddress import IPv4Address

import pytest

from engine.linux.conntrack import Flow, forget_udp_flows
from engine.linux.netns import on_fresh_thread
from engine.network.ports import PortRequest
from engine.network.service import Networks
from tests.engine.networkdriver.play import container, play, start
from tests.engine.networkdriver.world import HOST, World, world

__all__ = ["world"]

pytestmark = pytest.mark.root


def test_only_stale_udp_flows_are_forgotten(world: World) -> None:
    async def scenario(networks: Networks) -> None:
        endpoint = await start(networks, "a", PortRequest(53, "udp", host_port=5353), PortRequest(80, host_port=8080))
        inside = container(world, endpoint)
        inside.serve_udp(53)
        inside.serve(80)
        await asyncio.to_thread(world.outside.ask_udp, HOST, 5353)
        await asyncio.to_thread(world.outside.ask, HOST, 8080)
        seen: list[Flow] = []

        def look(flow: Flow) -> bool:
            seen.append(flow)
            return False

        assert await on_fresh_thread(lambda: forget_udp_flows(look)) == 0
        flow = Flow(5353, IPv4Address("172.17.0.2"))
        assert seen == [flow]
        assert await on_fresh_thread(lambda: forget_udp_flows(flow.__eq__)) == 1
        assert await on_fresh_thread(lambda: forget_udp_flows(flow.__eq__)) == 0

    play(world, scenario)
