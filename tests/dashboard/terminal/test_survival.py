"""A terminal that is left and come back to: the same shell, nothing lost, nothing typed twice."""

import asyncio
from dataclasses import replace

import pytest
from asgiref.sync import sync_to_async
from django.test import Client
from pytest_django.fixtures import Settings

from dashboard.terminal import keeper
from dashboard.terminal.limits import Limits
from dashboard.terminal.models import Terminal
from dashboard.terminal.protocol import Close, Input, Reason, Resize
from tests.dashboard.terminal.browser import Browser
from tests.dashboard.terminal.conftest import Container
from tests.dashboard.terminal.test_consumer import processes, prompt

pytestmark = pytest.mark.root

CLIENT = "0123456789abcdef"


async def again(left: Browser, cookie: bytes, path: str, **fields: object) -> Browser:
    """Another connection to the terminal of `left`, which lacks what that one had not received."""
    assert left.ready is not None
    options = {"client": CLIENT, "session": left.ready.session, "received": left.received, **fields}
    return await Browser(path, cookie).open(**options)


async def test_output_goes_on_where_it_was_left(browser: Browser, container: Container, cookie: bytes) -> None:
    async with browser:
        await prompt(browser, client=CLIENT)
        browser.write(b"for n in $(seq 1 3000); do echo $n; [ $n = 200 ] && sleep 0.3; done; echo en''d\n")
        await browser.read_until(b"100\r\n")
    # It writes on while nobody is there.
    async with await again(browser, cookie, container.path) as back:
        assert back.ready is not None
        assert back.ready.output == browser.received
        rest = await back.read_until(b"end\r\n")
    seen = bytes(browser.seen) + rest
    assert b"".join(b"%d\r\n" % number for number in range(1, 3001)) in seen


async def test_what_was_typed_arrives_once(browser: Browser, container: Container, cookie: bytes) -> None:
    typed = b"".join(b"echo %d >> /tmp/typed\n" % number for number in range(400))
    async with browser:
        await prompt(browser, client=CLIENT)
        begin = browser.typed
        browser.write(typed)
    # Nobody knows how much of it has arrived: the console does.
    async with await again(browser, cookie, container.path) as back:
        assert back.ready is not None
        assert begin <= back.ready.input <= begin + len(typed)
        back.say(Input(back.ready.input, (typed + b"echo al''l\n")[back.ready.input - begin :]))
        await back.read_until(b"all\r\n")
    assert container.run("cat", "/tmp/typed") == "\n".join(str(number) for number in range(400))


async def test_two_connections_of_one_browser_type_once(browser: Browser, container: Container, cookie: bytes) -> None:
    """The first was thought to be lost, and was only slow."""
    async with browser:
        await prompt(browser, client=CLIENT)
        begin = browser.typed
        async with await again(browser, cookie, container.path) as back:
            back.write(b"echo x >> /tmp/twice; echo do''ne\n")
            await back.read_until(b"done\r\n")
            browser.say(Input(begin, b"echo x >> /tmp/twice; echo do''ne\n"))
            back.write(b"echo after\n")
            await back.read_until(b"after\r\n")
    assert container.run("cat", "/tmp/twice") == "x"


async def test_a_page_that_has_nothing_gets_the_latest(browser: Browser, container: Container, cookie: bytes) -> None:
    async with browser:
        await prompt(browser)
        browser.write(b"echo what was there before\n")
        await browser.read_until(b"before\r\n")
    async with await again(browser, cookie, container.path, received=None, client="fresh") as back:
        assert back.ready is not None
        assert (back.ready.input, back.ready.shell, back.ready.lasts) == (0, "sh", True)
        assert b"portside" not in await back.read_until(b"what was there before\r\n")
        assert back.ready.end == browser.received


async def test_the_shell_outlives_a_killed_engine(browser: Browser, container: Container, cookie: bytes) -> None:
    async with browser:
        await prompt(browser, client=CLIENT)
        browser.write(b"here=42; echo kep''t\n")
        await browser.read_until(b"kept\r\n")
        container.engine.kill9()
        assert (await browser.read_all()).reason is Reason.ENGINE
    container.engine.restart()
    async with await again(browser, cookie, container.path) as back:
        back.write(b"echo still $here\n")
        await back.read_until(b"still 42\r\n")


async def test_nobody_comes_back_and_the_shell_ends(browser: Browser, container: Container, settings: Settings) -> None:
    settings.TERMINAL_LIMITS = replace(Limits(), grace=1)
    async with browser:
        await prompt(browser)
        assert "sh" in processes(container)
    for _ in range(100):
        if processes(container) == ["sleep 1000"]:
            break
        await asyncio.sleep(0.1)
    await keeper.look_after()
    terminal = await Terminal.objects.aget()
    assert terminal.ended is not None
    assert processes(container) == ["sleep 1000"]


async def test_a_sign_out_ends_the_shells_that_nobody_looks_at(
    browser: Browser, container: Container, cookie: bytes, client: Client
) -> None:
    async with browser:
        await prompt(browser)
    await sync_to_async(client.logout)()
    await keeper.end_doomed()
    assert processes(container) == ["sleep 1000"]
    terminal = await Terminal.objects.aget()
    assert (terminal.ended is None, terminal.end_reason) == (False, "Signed out, or not permitted any more")


async def test_a_session_that_expired_ends_its_shells(browser: Browser, container: Container, client: Client) -> None:
    async with browser:
        await prompt(browser)
    await sync_to_async(client.session.delete)()
    await keeper.look_after()
    await keeper.end_doomed()
    assert processes(container) == ["sleep 1000"]


async def test_the_row_tells_what_it_was(browser: Browser, container: Container) -> None:
    async with browser:
        await prompt(browser, title="my work", user="nobody", workdir="/tmp")
        browser.write(b"exit 3\n")
        await browser.read_all()
    row = await Terminal.objects.aget()
    assert (row.owner_name, row.host_name, row.container_name, row.title) == ("ada", "here", "term", "my work")
    assert (row.argv, row.shells, row.user, row.workdir) == (["sh"], ["ash", "sh"], "nobody", "/tmp")
    assert (row.exit_code, row.output_bytes, row.input_bytes) == (3, browser.received, browser.typed)


async def test_a_terminal_that_has_ended_says_so(browser: Browser, container: Container, cookie: bytes) -> None:
    async with browser:
        await prompt(browser)
        browser.write(b"exit 3\n")
        await browser.read_all()
    async with await again(browser, cookie, container.path) as back:
        close = await back.read_all()
        assert close == Close(Reason.UNKNOWN_SESSION, "This terminal has ended; open a new one", 3)


async def test_a_user_and_a_host_have_limits(container: Container, cookie: bytes, settings: Settings) -> None:
    for limits, said in (
        (replace(Limits(), per_user=1), "1 terminals are open already; close one first"),
        (replace(Limits(), per_host=1), "1 terminals are open on here; no more are allowed"),
    ):
        settings.TERMINAL_LIMITS = limits
        async with Browser(container.path, cookie) as first, Browser(container.path, cookie) as second:
            await first.open()
            close = await (await second.open()).read_all()
            assert (close.reason, close.text) == (Reason.TOO_MANY, said)
            first.say(Close(Reason.HANG_UP))


async def test_the_size_is_that_of_the_tab_that_was_used_last(
    browser: Browser, container: Container, cookie: bytes
) -> None:
    async with browser:
        await prompt(browser, client=CLIENT, rows=24, columns=80)
        async with await again(browser, cookie, container.path, client="other", rows=50, columns=300) as other:
            await seen(other, rows=50, columns=300, leads=True)
            await seen(browser, rows=50, columns=300, leads=False)
            browser.write(b"until stty size | grep '24 80'; do sleep 0.02; done\n")
            await browser.read_until(b"24 80\r\n")
            await seen(other, rows=24, columns=80, leads=False)
            other.say(Resize(30, 200))
            await seen(browser, rows=30, columns=200, leads=False)
            assert browser.state is not None
            assert [person.name for person in browser.state.people] == ["ada", "ada"]
        await seen(browser, rows=24, columns=80, leads=True)


async def seen(browser: Browser, **fields: object) -> None:
    """Read until the browser was told so."""
    while browser.state is None or any(getattr(browser.state, name) != value for name, value in fields.items()):
        await browser.hear()
