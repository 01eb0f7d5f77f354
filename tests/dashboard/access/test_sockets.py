import pytest
from django.contrib.sessions.models import Session

from dashboard.access import sockets
from dashboard.accounts.models import User
from tests.dashboard.socket import Socket

CHANGES = "/ws/hosts/local/changes/"


@pytest.fixture(autouse=True)
def checked_often(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sockets, "CHECK_SECONDS", 0.05)


async def test_a_socket_ends_with_its_session(cookie: bytes) -> None:
    async with Socket(CHANGES, cookie) as socket:
        assert socket.was_accepted
        assert await socket.is_silent()
        await Session.objects.all().adelete()
        assert await socket.hear() is None
    assert socket.code == sockets.UNAUTHORIZED


async def test_a_socket_ends_with_its_account(cookie: bytes) -> None:
    async with Socket(CHANGES, cookie) as socket:
        await User.objects.all().aupdate(is_active=False)
        assert await socket.hear() is None
    assert socket.code == sockets.UNAUTHORIZED


async def test_a_closed_account_opens_none(cookie: bytes) -> None:
    await User.objects.all().aupdate(is_active=False)
    async with Socket(CHANGES, cookie) as socket:
        assert not socket.was_accepted
