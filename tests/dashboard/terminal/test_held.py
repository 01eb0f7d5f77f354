"""Terminals that the web process holds itself: a container's own process, and shells on other engines."""

import asyncio
from dataclasses import dataclass, field
from typing import Any

import pytest
from aiodocker import Docker
from hypothesis import given, settings
from hypothesis import strategies as st

from dashboard.terminal import keeper, registry
from dashboard.terminal.calls import post
from dashboard.terminal.held import AHEAD, Held
from dashboard.terminal.models import Terminal
from dashboard.terminal.protocol import Close, Reason
from dashboard.terminal.replay import Replay
from dashboard.terminal.sequence import Taken, Written
from tests.dashboard.terminal.browser import Browser
from tests.dashboard.terminal.conftest import Container
from tests.dashboard.terminal.test_consumer import processes, prompt
from tests.dashboard.terminal.test_survival import CLIENT, again


@settings(deadline=None)
@given(st.lists(st.binary(min_size=1, max_size=20)), st.integers(1, 50), st.integers(0, 300), st.integers(1, 40))
def test_what_is_kept_is_the_latest(chunks: list[bytes], size: int, offset: int, limit: int) -> None:
    replay, everything = Replay(size), b"".join(chunks)
    for chunk in chunks:
        replay.add(chunk)
    assert replay.end == len(everything)
    assert replay.start <= max(0, len(everything) - size)
    begin, data = replay.after(offset, limit)
    assert begin == max(offset, replay.start)
    assert data == everything[begin : begin + limit]


@dataclass
class ScriptedSource:
    """Writes what the test puts into `output`."""

    output: asyncio.Queue[bytes] = field(default_factory=asyncio.Queue)
    typed: list[bytes] = field(default_factory=list)
    hung_up: asyncio.Event = field(default_factory=asyncio.Event)
    taken: int = 0

    async def read(self) -> bytes:
        data = await self.output.get()
        self.taken += len(data)
        return data

    async def write(self, data: bytes) -> None:
        self.typed.append(data)

    async def resize(self, rows: int, columns: int) -> None: ...

    async def end(self) -> Close:
        return Close(Reason.ENDED, exit_code=4)

    async def hang_up(self) -> None:
        self.hung_up.set()
        self.output.put_nowait(b"")

    async def close(self) -> None: ...


def hold(source: ScriptedSource, *, grace: float = 100) -> tuple[Held, list[Close]]:
    closes: list[Close] = []

    async def forgotten(close: Close) -> None:
        closes.append(close)

    return Held(source, grace=grace, forgotten=forgotten), closes


async def test_who_comes_back_goes_on_where_he_was() -> None:
    source = ScriptedSource()
    held, closes = hold(source)
    first = await held.join("ada", None)
    source.output.put_nowait(b"one")
    assert await first.read() == Written(0, b"one")
    await first.write(b"abc")
    assert await first.read() == Taken(3)
    await first.close()
    source.output.put_nowait(b"two")
    while source.taken < 6:
        await asyncio.sleep(0)
    second = await held.join("ada", 3)
    assert (second.start.output, second.start.end, second.start.input) == (3, 6, 3)
    assert await second.read() == Written(3, b"two")
    source.output.put_nowait(b"")
    assert await second.read() is None
    assert await second.end() == Close(Reason.ENDED, exit_code=4)
    assert closes == [Close(Reason.ENDED, exit_code=4)]


async def test_what_an_old_connection_brings_as_well_is_typed_once() -> None:
    source = ScriptedSource()
    held, _ = hold(source)
    old, new = await held.join("ada", None), await held.join("ada", None)
    await new.write(b"abcdef")
    await old.write(b"abc")
    await old.write(b"defg")
    assert b"".join(source.typed) == b"abcdefg"
    await held.close()


async def test_the_fastest_reader_sets_the_pace() -> None:
    source = ScriptedSource()
    held, _ = hold(source)
    fast, slow = await held.join("ada", None), await held.join("bob", None)
    for _ in range(100):
        source.output.put_nowait(bytes(AHEAD // 4))
    while not isinstance(await fast.read(), Written) or fast.position < 2 * AHEAD:
        pass
    await asyncio.sleep(0.01)
    assert source.taken <= fast.position + AHEAD + AHEAD // 4
    event = await slow.read()
    assert isinstance(event, Written)
    assert event.offset == 0
    await held.close()


async def test_nobody_comes_back() -> None:
    source = ScriptedSource()
    held, closes = hold(source, grace=0.01)
    await (await held.join("ada", None)).close()
    await asyncio.wait_for(source.hung_up.wait(), 10)
    while not closes:
        await asyncio.sleep(0.001)


@pytest.mark.root
async def test_a_container_with_a_terminal_is_attached_to(container: Container, busybox: str, cookie: bytes) -> None:
    container.engine.docker("run", "-dit", "--network", "none", "--name", "main", busybox, "sh")
    path = "/ws/hosts/here/containers/main/terminal/"
    async with Browser(path, cookie) as browser:
        await browser.open(attach=True, client=CLIENT)
        assert browser.ready is not None, browser.close
        assert (browser.ready.lasts, browser.ready.shell) == (False, "sh")
        browser.write(b"here=42; echo ou''t\n")
        await browser.read_until(b"out\r\n")
    async with await again(browser, cookie, path) as back:
        back.write(b"echo again $here; stty size\n")
        await back.read_until(b"again 42\r\n24 80\r\n")
        # Closing leaves the container's process alone.
        back.say(Close(Reason.HANG_UP))
        await back.read_all()
    assert container.engine.docker("inspect", "--format", "{{.State.Running}}", "main") == "true"
    assert (await Terminal.objects.aget()).ended is not None


@pytest.mark.root
async def test_a_container_without_a_terminal_is_attached_to(container: Container, busybox: str, cookie: bytes) -> None:
    words = "read line; echo got $line; exit 5"
    container.engine.docker("run", "-di", "--network", "none", "--name", "main", busybox, "sh", "-c", words)
    async with Browser("/ws/hosts/here/containers/main/terminal/", cookie) as browser:
        await browser.open(attach=True)
        browser.write(b"a line\r")
        await browser.read_until(b"got a line\r\n")
        assert await browser.read_all() == Close(Reason.ENDED, "The container has stopped", 5)


@pytest.mark.root
async def test_after_a_restart_of_the_console_it_says_why_it_can_not_go_on(
    container: Container, busybox: str, cookie: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    container.engine.docker("run", "-dit", "--network", "none", "--name", "main", busybox, "sh")
    path = "/ws/hosts/here/containers/main/terminal/"
    async with Browser(path, cookie) as browser:
        await browser.open(attach=True)
    assert browser.ready is not None
    held = registry.find(browser.ready.session)
    assert held is not None
    await held.close()
    registry.forget(browser.ready.session)
    await Terminal.objects.aupdate(keeper="another")
    async with await again(browser, cookie, path) as back:
        close = await back.read_all()
    assert close.reason is Reason.UNKNOWN_SESSION
    assert "a connection to a container's own process ends with the console's" in close.text


@pytest.fixture
def plain(monkeypatch: pytest.MonkeyPatch) -> None:
    """As on Docker and Podman, which pass over what they do not know: the exec ends with its connection."""

    async def without_portside(docker: Docker, path: str, body: dict[str, Any]) -> dict[str, Any]:
        return await post(docker, path, {name: value for name, value in body.items() if name != "Portside"})

    monkeypatch.setattr("dashboard.terminal.execs.post", without_portside)


@pytest.mark.root
@pytest.mark.usefixtures("plain")
async def test_a_shell_on_another_engine_outlives_its_page(
    browser: Browser, container: Container, cookie: bytes
) -> None:
    async with browser:
        await prompt(browser, client=CLIENT, user="nobody")
        assert browser.ready is not None
        assert (browser.ready.lasts, browser.ready.shells) == (False, ("ash", "sh"))
        browser.write(b"here=42; echo ke''pt\n")
        await browser.read_until(b"kept\r\n")
    async with await again(browser, cookie, container.path) as back:
        back.write(b"echo again $here $(id -un)\n")
        await back.read_until(b"again 42 nobody\r\n")
        back.say(Close(Reason.HANG_UP))
        await back.read_all()
    assert processes(container) == ["sleep 1000"]


@pytest.mark.root
@pytest.mark.usefixtures("plain")
async def test_a_shell_whose_keeper_died_is_ended(browser: Browser, container: Container) -> None:
    async with browser:
        await prompt(browser)
    assert browser.ready is not None
    held = registry.find(browser.ready.session)
    assert held is not None
    registry.forget(browser.ready.session)
    await Terminal.objects.aupdate(keeper="killed")
    await keeper.look_after()
    await keeper.end_doomed()
    assert processes(container) == ["sleep 1000"]
    await held.close()
