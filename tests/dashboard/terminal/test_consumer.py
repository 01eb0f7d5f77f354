"""The terminal end to end below the browser: the console's ASGI application, a real engine, a real shell."""

import asyncio
import hashlib

import pytest

from dashboard.accounts.models import User
from dashboard.hosts.models import Host
from dashboard.terminal.flow import INPUT_WINDOW, OUTPUT_WINDOW
from dashboard.terminal.protocol import MAX_CHUNK, Acknowledge, Close, Ping, Pong, Reason, Resize
from tests.dashboard.terminal.browser import Browser
from tests.dashboard.terminal.conftest import Container

pytestmark = pytest.mark.root

MEGABYTE = 1 << 20


async def prompt(browser: Browser, **fields: object) -> Browser:
    """A shell without echo and with a prompt of its own, so that a test reads only what it asked for."""
    await browser.open(**fields)
    assert browser.ready is not None, browser.close
    browser.write(b"stty -echo; PS1=; echo be''gin\n")
    await browser.read_until(b"begin\r\n")
    return browser


async def test_echo(browser: Browser) -> None:
    async with browser:
        await browser.open()
        browser.write(b"echo a$((6 * 7))b\n")
        await browser.read_until(b"echo a$((6 * 7))b\r\n")
        await browser.read_until(b"a42b\r\n")


async def test_the_shell_is_named_and_marked(browser: Browser) -> None:
    async with browser:
        await prompt(browser)
        assert browser.ready is not None
        assert browser.ready.shell == "sh"
        browser.write(b"echo $TERM $PORTSIDE_TERMINAL\n")
        await browser.read_until(b"xterm-256color " + browser.ready.session.encode() + b"\r\n")


async def test_the_size_is_that_of_hello_and_then_that_of_resize(browser: Browser) -> None:
    async with browser:
        await browser.open(rows=33, columns=111)
        browser.write(b"stty size\n")
        await browser.read_until(b"33 111\r\n")
        browser.say(Resize(50, 200))
        # The size goes to the engine beside the typed bytes, not in line with them.
        browser.write(b"until stty size | grep '50 200'; do sleep 0.05; done\n")
        await browser.read_until(b"\r\n50 200\r\n")


async def test_ctrl_c_stops_a_flood(browser: Browser) -> None:
    async with browser:
        await prompt(browser)
        browser.write(b"yes; echo do''ne\n")
        await browser.read_until(b"y\r\n" * 100)
        browser.write(b"\x03")
        browser.write(b"echo still he''re\n")
        rest = await browser.read_until(b"still here\r\n")
        assert len(rest) < 4 * OUTPUT_WINDOW


async def test_ctrl_c_reaches_a_flood_that_nobody_reads(browser: Browser, container: Container) -> None:
    async with browser:
        await prompt(browser)
        browser.is_acknowledging = False
        browser.write(b"yes\n")
        while len(browser.screen) <= OUTPUT_WINDOW - 2 * MAX_CHUNK:
            await browser.hear()
        browser.write(b"\x03")
        browser.write(b"touch /tmp/stop''ped\n")
        # Only the container is asked: the browser's window stays shut.
        await until_there(container, "/tmp/stopped")
        browser.say(Ping(b"all"))
        while await browser.hear() != Pong(b"all"):
            pass
        assert len(browser.screen) <= OUTPUT_WINDOW
        # Once it reads again all goes on.
        browser.is_acknowledging = True
        browser.say(Acknowledge(browser.received))
        browser.write(b"echo go''ne on\n")
        await browser.read_until(b"gone on\r\n")


async def until_there(container: Container, path: str) -> None:
    for _ in range(100):
        # In a thread: the console under test lives in this one's loop.
        found = await asyncio.to_thread(container.engine.docker.run, "exec", container.name, "test", "-e", path)
        if found.returncode == 0:
            return
    raise AssertionError(f"{path} was not made")


async def test_twenty_megabytes_arrive_unchanged(browser: Browser, container: Container) -> None:
    container.run("sh", "-c", "dd if=/dev/urandom of=/tmp/data bs=1M count=20 2>/dev/null")
    expected = container.run("sha256sum", "/tmp/data").split()[0]
    async with browser:
        await prompt(browser)
        browser.write(b"stty raw; printf 'here it co''mes:'; cat /tmp/data; stty -raw\n")
        await browser.read_until(b"here it comes:")
        while len(browser.screen) < 20 * MEGABYTE:
            await browser.hear()
        assert hashlib.sha256(browser.screen[: 20 * MEGABYTE]).hexdigest() == expected


async def test_a_large_paste_arrives_unchanged(browser: Browser, container: Container) -> None:
    pasted = bytes(range(256)) * 4096
    async with browser:
        await prompt(browser)
        browser.write(b"stty raw; printf pas''te; head -c 1048576 > /tmp/pasted; stty -raw; echo the e''nd\n")
        await browser.read_until(b"paste")
        for start in range(0, len(pasted), MAX_CHUNK):
            while browser.typed + MAX_CHUNK - browser.acknowledged > INPUT_WINDOW:
                await browser.hear()
            browser.write(pasted[start : start + MAX_CHUNK])
        await browser.read_until(b"the end")
        assert container.run("sha256sum", "/tmp/pasted").split()[0] == hashlib.sha256(pasted).hexdigest()


async def test_characters_split_between_frames(browser: Browser) -> None:
    async with browser:
        await prompt(browser)
        browser.write(b"cat\n")
        for byte in "žluťoučký 漢字 🚢\n".encode():
            browser.write(bytes([byte]))
        await browser.read_until("žluťoučký 漢字 🚢\r\n".encode())


@pytest.mark.parametrize(("typed", "code"), [(b"exit 7\n", 7), (b"kill -9 $$\n", 137), (b"\x04", 0)])
async def test_the_exit_code_is_told(browser: Browser, typed: bytes, code: int) -> None:
    async with browser:
        await prompt(browser)
        browser.write(typed)
        close = await browser.read_all()
        assert (close.reason, close.exit_code) == (Reason.ENDED, code)
        assert browser.code == Reason.ENDED


async def test_closing_hangs_up(browser: Browser, container: Container) -> None:
    async with browser:
        await prompt(browser)
        browser.write(b"echo sta''rted; exec_me=1 sleep 987\n")
        await browser.read_until(b"started\r\n")
        assert "sleep 987" in container.run("ps")
        browser.say(Close(Reason.HANG_UP))
    assert processes(container) == ["sleep 1000"]


async def test_a_shell_that_ignores_the_hang_up_is_killed(browser: Browser, container: Container) -> None:
    async with browser:
        await prompt(browser)
        browser.write(b"trap '' HUP; echo dea''f\n")
        await browser.read_until(b"deaf\r\n")
        browser.say(Close(Reason.HANG_UP))
    assert processes(container) == ["sleep 1000"]


def processes(container: Container) -> list[str]:
    """The command lines in the container, but for the one that asks."""
    lines = (line.split(maxsplit=2) for line in container.run("ps", "-o", "pid,stat,args").splitlines()[1:])
    return [line[2] for line in lines if not line[2].startswith("ps ") and not line[1].startswith("Z")]


async def test_a_container_that_stops_ends_the_terminal(browser: Browser, container: Container) -> None:
    async with browser:
        await prompt(browser)
        container.engine.docker("kill", container.name)
        close = await browser.read_all()
        assert close.reason is Reason.ENDED


async def test_an_engine_that_dies_is_named(browser: Browser, container: Container) -> None:
    async with browser:
        await prompt(browser)
        container.engine.kill9()
        close = await browser.read_all()
        assert close.reason is Reason.ENGINE
    container.engine.restart()


async def test_another_user_and_directory(browser: Browser) -> None:
    async with browser:
        await browser.open(user="nobody", workdir="/tmp", shell="/bin/sh")
        browser.write(b"id -un; pwd\n")
        await browser.read_until(b"nobody\r\n/tmp\r\n")


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"shell": "fish"}, "No shell in this container: tried fish"),
        ({"user": "nobody-of-that-name"}, "nobody-of-that-name"),
        ({"workdir": "/not/there"}, "/not/there"),
    ],
)
async def test_what_can_not_be_started_is_said(browser: Browser, fields: dict[str, str], said: str) -> None:
    async with browser:
        await browser.open(**fields)
        assert said in (await browser.read_all()).text


async def test_a_container_that_does_not_run(container: Container, cookie: bytes) -> None:
    container.engine.docker("kill", container.name)
    async with Browser(container.path, cookie) as browser:
        close = await (await browser.open()).read_all()
        assert close.reason is Reason.NOT_RUNNING
        assert "is not running" in close.text


async def test_a_container_that_is_not_there(here: Host, cookie: bytes) -> None:
    async with Browser("/ws/hosts/here/containers/nix/terminal/", cookie) as browser:
        close = await (await browser.open()).read_all()
        assert (close.reason, close.text) == (Reason.NOT_FOUND, "No such container: nix")


async def test_signing_out_is_noticed(browser: Browser, container: Container) -> None:
    async with browser:
        await prompt(browser)
        await User.objects.all().adelete()
        assert (await browser.read_all()).reason is Reason.SIGNED_OUT
    assert processes(container) == ["sleep 1000"]
