"""Who is let in: the origin, the user, the first frame. No engine is needed to be refused."""

import pytest

from dashboard.accounts.models import User
from dashboard.hosts.models import Host
from dashboard.terminal.protocol import Close, Input, Reason
from tests.dashboard.terminal.browser import Browser

PATH = "/ws/hosts/nowhere/containers/c1/terminal/"


@pytest.fixture
def nowhere(transactional_db: None) -> Host:
    return Host.objects.create(name="nowhere", url="unix:///nowhere/engine.sock")


@pytest.mark.parametrize("cookie", [b"", b"portside_8000_session=0123456789abcdef0123456789abcdef"])
async def test_a_stranger_is_refused_with_4401(transactional_db: None, cookie: bytes) -> None:
    async with Browser(PATH, cookie) as browser:
        assert not await browser.connect()
        assert browser.code == 4401


async def test_a_closed_account_is_a_stranger(cookie: bytes) -> None:
    await User.objects.aupdate(is_active=False)
    async with Browser(PATH, cookie) as browser:
        assert not await browser.connect()
        assert browser.code == 4401


@pytest.mark.parametrize("origin", ["https://evil.example", "http://localhost.evil.example", "null", ""])
async def test_another_origin_is_refused_before_anything_else(cookie: bytes, origin: str) -> None:
    async with Browser(PATH, cookie, origin=origin) as browser:
        assert not await browser.connect()


async def test_a_host_that_the_console_does_not_know(cookie: bytes) -> None:
    async with Browser(PATH, cookie) as browser:
        close = await (await browser.open()).read_all()
        assert close == Close(Reason.NOT_FOUND, "No such host: nowhere")


async def test_an_engine_that_does_not_answer(cookie: bytes, nowhere: Host) -> None:
    async with Browser(PATH, cookie) as browser:
        close = await (await browser.open()).read_all()
        assert close.reason is Reason.ENGINE
        assert "unix:///nowhere/engine.sock" in close.text


async def test_a_session_that_is_not_here(cookie: bytes, nowhere: Host) -> None:
    async with Browser(PATH, cookie) as browser:
        close = await (await browser.open(session="ab" * 16, received=17)).read_all()
        assert close.reason is Reason.UNKNOWN_SESSION


async def test_another_version(cookie: bytes) -> None:
    async with Browser(PATH, cookie) as browser:
        close = await (await browser.open(version=1)).read_all()
        assert close == Close(Reason.MALFORMED, "HELLO asks for version 1; version 2 is spoken here")


async def test_the_first_frame_is_hello(cookie: bytes) -> None:
    async with Browser(PATH, cookie) as browser:
        assert await browser.connect()
        browser.say(Input(0, b"x"))
        assert (await browser.read_all()).reason is Reason.MALFORMED


async def test_bytes_that_are_no_frame(cookie: bytes) -> None:
    async with Browser(PATH, cookie) as browser:
        assert await browser.connect()
        browser.send(b"\xee")
        close = await browser.read_all()
        assert close == Close(Reason.MALFORMED, "no frame has the opcode 0xee")
        assert browser.code == 4400


async def test_a_browser_that_leaves_at_once(cookie: bytes) -> None:
    async with Browser(PATH, cookie) as browser:
        assert await browser.connect()


@pytest.mark.parametrize("name", ["..", "a/b", ".hidden", "a%3Fb", "%2e%2e"])
async def test_names_that_would_climb_are_no_address(cookie: bytes, name: str) -> None:
    browser = Browser(f"/ws/hosts/nowhere/containers/{name}/terminal/", cookie)
    with pytest.raises(ValueError, match="No route found"):
        await browser.connect()
