from channels.layers import get_channel_layer

from dashboard.access.sockets import NOT_FOUND
from dashboard.hosts.live import Change, Kind
from dashboard.hosts.models import Host
from tests.dashboard.socket import Socket


async def tell(group: str, change: Change) -> None:
    layer = get_channel_layer()
    assert layer is not None
    await layer.group_send(group, change.message())


async def test_a_page_hears_the_changes_of_its_host_alone(cookie: bytes) -> None:
    other = await Host.objects.acreate(name="other", url="unix:///other")
    local = await Host.objects.aget(name="local")
    async with Socket("/ws/hosts/local/changes/", cookie) as socket:
        await tell(other.group, Change(Kind.CONTAINER, "theirs", "die"))
        await tell(local.group, Change(Kind.CONTAINER, "ours", "die"))
        assert await socket.hear() == {"kind": "container", "id": "ours", "action": "die"}
        assert await socket.is_silent()


async def test_an_unknown_host_has_no_changes(cookie: bytes) -> None:
    async with Socket("/ws/hosts/nowhere/changes/", cookie) as socket:
        assert not socket.was_accepted
        assert socket.code == NOT_FOUND
