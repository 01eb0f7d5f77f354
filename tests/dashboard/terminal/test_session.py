"""A session between a scripted browser and a scripted shell: who waits for whom, and what ends it."""

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import pytest

from dashboard.terminal.flow import INPUT_WINDOW, OUTPUT_WINDOW
from dashboard.terminal.lasting import Start
from dashboard.terminal.protocol import (
    MAX_CHUNK,
    Acknowledge,
    Close,
    Frame,
    Hello,
    Input,
    Output,
    Ping,
    Pong,
    Ready,
    Reason,
    Resize,
    State,
    decode,
    encode,
)
from dashboard.terminal.refusal import Refused
from dashboard.terminal.room import Company, Room
from dashboard.terminal.sequence import Event, Taken, Written
from dashboard.terminal.session import Session, Terminal, Times
from dashboard.terminal.socket import Socket


@dataclass
class ScriptedShell:
    """Writes what the test puts into `output`, and keeps what is typed; `write` waits while `is_deaf`."""

    start: Start = field(default_factory=lambda: Start(0, 0, 0))
    output: asyncio.Queue[bytes] = field(default_factory=asyncio.Queue)
    events: asyncio.Queue[Taken] = field(default_factory=asyncio.Queue)
    typed: asyncio.Queue[bytes] = field(default_factory=asyncio.Queue)
    sizes: list[tuple[int, int]] = field(default_factory=list)
    taken: int = 0
    heard: int = 0
    is_deaf: bool = False

    async def read(self) -> Event | None:
        while self.output.empty() and self.events.empty():
            await asyncio.sleep(0.001)
        if not self.events.empty():
            return self.events.get_nowait()
        data = await self.output.get()
        self.taken += len(data)
        return Written(self.start.output + self.taken - len(data), data) if data else None

    async def write(self, data: bytes) -> None:
        while self.is_deaf:
            await asyncio.sleep(0.001)
        await self.typed.put(data)
        self.heard += len(data)
        await self.events.put(Taken(self.start.input + self.heard))

    async def resize(self, rows: int, columns: int) -> None:
        await asyncio.sleep(0.002)
        self.sizes.append((rows, columns))

    async def end(self) -> Close:
        return Close(Reason.ENDED, exit_code=3)


@dataclass
class ScriptedBrowser:
    """The other end of an ASGI WebSocket."""

    sent: asyncio.Queue[Any] = field(default_factory=asyncio.Queue)
    received: asyncio.Queue[Any] = field(default_factory=asyncio.Queue)

    def say(self, frame: Frame) -> None:
        self.sent.put_nowait({"type": "websocket.receive", "bytes": encode(frame)})

    def leave(self) -> None:
        self.sent.put_nowait({"type": "websocket.disconnect", "code": 1001})

    async def hear(self) -> Frame:
        """The next frame that is not about the company."""
        while isinstance(frame := await self.hear_any(), State):
            pass
        return frame

    async def hear_any(self) -> Frame:
        event = await asyncio.wait_for(self.received.get(), 10)
        return decode(event["bytes"])


@dataclass
class Stage:
    browser: ScriptedBrowser
    shell: ScriptedShell
    result: Callable[[], Coroutine[Any, Any, Close]]


READY = Ready(
    version=2,
    session="5e55",
    input=0,
    output=0,
    end=0,
    input_window=INPUT_WINDOW,
    output_window=OUTPUT_WINDOW,
    shell="/bin/bash",
)
SIZE = Resize(24, 80)


def make_session(browser: ScriptedBrowser, shell: Terminal, **options: Any) -> Session:
    options.setdefault("check", _allowed)
    company = Company("me", "ada", options.pop("types", True), 24, 80)
    room = Room("terminal.5e55", company)
    return Session(Socket(browser.sent.get, browser.received.put), shell, room, SIZE, **options)


@asynccontextmanager
async def playing(**options: Any) -> AsyncIterator[Stage]:
    """A session that has just said READY."""
    browser, shell = ScriptedBrowser(), ScriptedShell()
    session = make_session(browser, shell, **options)
    async with asyncio.TaskGroup() as group:
        task = group.create_task(session.run(READY))
        assert await browser.hear() == READY
        assert isinstance(await browser.hear_any(), State)

        async def result() -> Close:
            return await asyncio.wait_for(task, 10)

        yield Stage(browser, shell, result)
        task.cancel()


async def _allowed() -> None:
    pass


async def test_bytes_pass_unchanged_both_ways() -> None:
    async with playing() as stage:
        stage.browser.say(Input(0, b"\x00\xff\xe2"))
        stage.browser.say(Input(3, b"\x82\xac"))
        assert [await stage.shell.typed.get(), await stage.shell.typed.get()] == [b"\x00\xff\xe2", b"\x82\xac"]
        stage.shell.output.put_nowait(b"\xe2\x82")
        stage.shell.output.put_nowait(b"\xac")
        assert [await stage.browser.hear(), await stage.browser.hear()] == [Output(0, b"\xe2\x82"), Output(2, b"\xac")]


async def test_the_end_of_the_shell_ends_the_session_with_its_exit_code() -> None:
    async with playing() as stage:
        stage.shell.output.put_nowait(b"bye")
        stage.shell.output.put_nowait(b"")
        assert await stage.browser.hear() == Output(0, b"bye")
        assert await stage.result() == Close(Reason.ENDED, exit_code=3)


async def test_a_paused_browser_stops_the_reading_of_the_shell() -> None:
    async with playing() as stage:
        for _ in range(100):
            stage.shell.output.put_nowait(bytes(MAX_CHUNK))
        frames = [await stage.browser.hear() for _ in range(OUTPUT_WINDOW // MAX_CHUNK)]
        stage.browser.say(Ping(b"still there?"))
        assert await stage.browser.hear() == Pong(b"still there?")
        # The window is full: one more chunk waits in hand, and no further one is taken from the shell.
        assert stage.shell.taken == OUTPUT_WINDOW + MAX_CHUNK
        assert stage.browser.received.empty()
        stage.browser.say(Acknowledge(3 * MAX_CHUNK))
        frames += [await stage.browser.hear() for _ in range(3)]
        assert [frame.offset for frame in frames if isinstance(frame, Output)] == [n * MAX_CHUNK for n in range(7)]


async def test_keys_reach_the_shell_while_its_output_waits() -> None:
    async with playing() as stage:
        for _ in range(20):
            stage.shell.output.put_nowait(bytes(MAX_CHUNK))
        stage.browser.say(Input(0, b"\x03"))
        assert await asyncio.wait_for(stage.shell.typed.get(), 10) == b"\x03"


async def test_acknowledgements_are_heard_while_the_shell_takes_no_input() -> None:
    async with playing() as stage:
        stage.shell.is_deaf = True
        stage.browser.say(Input(0, b"typed ahead"))
        for _ in range(5):
            stage.shell.output.put_nowait(bytes(MAX_CHUNK))
        for _ in range(4):
            await stage.browser.hear()
        stage.browser.say(Acknowledge(OUTPUT_WINDOW))
        assert await stage.browser.hear() == Output(OUTPUT_WINDOW, bytes(MAX_CHUNK))


async def test_one_large_read_leaves_in_frames_of_the_allowed_size() -> None:
    async with playing() as stage:
        stage.shell.output.put_nowait(bytes(3 * MAX_CHUNK + 1))
        sizes = [
            len(frame.data) for frame in [await stage.browser.hear() for _ in range(4)] if isinstance(frame, Output)
        ]
        assert sizes == [MAX_CHUNK, MAX_CHUNK, MAX_CHUNK, 1]


async def test_input_is_acknowledged_once_the_shell_has_it() -> None:
    async with playing() as stage:
        stage.shell.is_deaf = True
        for place in range(INPUT_WINDOW // MAX_CHUNK):
            stage.browser.say(Input(place * MAX_CHUNK, bytes(MAX_CHUNK)))
        stage.browser.say(Ping())
        assert await stage.browser.hear() == Pong()
        stage.shell.is_deaf = False
        assert await stage.browser.hear() == Acknowledge(MAX_CHUNK)


async def test_of_many_sizes_the_last_one_counts() -> None:
    async with playing() as stage:
        for columns in range(80, 180):
            stage.browser.say(Resize(24, columns))
        stage.browser.say(Ping())
        await stage.browser.hear()
        while stage.shell.sizes[-1] != (24, 179):
            await asyncio.sleep(0.001)
        assert len(stage.shell.sizes) < 100


async def test_leaving_ends_the_session() -> None:
    async with playing() as stage:
        stage.browser.leave()
        assert (await stage.result()).reason is Reason.LEFT


async def test_close_ends_the_session() -> None:
    async with playing() as stage:
        stage.browser.say(Close(Reason.HANG_UP))
        assert (await stage.result()).reason is Reason.HANG_UP


WRONG = {
    "a gap in the input": Input(1, b"x"),
    "an acknowledgement of what was not sent": Acknowledge(1),
    "a second hello": Hello(version=1, rows=1, columns=1),
    "a server's frame": Output(0, b"x"),
}


@pytest.mark.parametrize("frame", WRONG.values(), ids=WRONG.keys())
async def test_a_frame_out_of_order_ends_the_session(frame: Frame) -> None:
    async with playing() as stage:
        stage.browser.say(frame)
        assert (await stage.result()).reason is Reason.MALFORMED


async def test_more_input_than_the_window_ends_the_session() -> None:
    async with playing() as stage:
        stage.shell.is_deaf = True
        for place in range(INPUT_WINDOW // MAX_CHUNK + 1):
            stage.browser.say(Input(place * MAX_CHUNK, bytes(MAX_CHUNK)))
        assert (await stage.result()).reason is Reason.MALFORMED


async def test_a_text_message_ends_the_session() -> None:
    async with playing() as stage:
        stage.browser.sent.put_nowait({"type": "websocket.receive", "text": "hello"})
        close = await stage.result()
        assert close == Close(Reason.MALFORMED, "a text message was sent; frames are binary")


async def test_pings_keep_a_quiet_terminal_alive() -> None:
    async with playing(times=Times(ping=0.01, silent=1)) as stage:
        for _ in range(5):
            assert await stage.browser.hear() == Ping()
            stage.browser.say(Pong())


async def test_a_silent_browser_is_gone() -> None:
    async with playing(times=Times(ping=0.01, silent=0.05)) as stage:
        assert (await stage.result()).reason is Reason.SILENT


async def test_signing_out_ends_the_terminal() -> None:
    async def refuse() -> None:
        raise Refused(Reason.SIGNED_OUT, "Sign in to use a terminal")

    async with playing(times=Times(check=0.01), check=refuse) as stage:
        assert await stage.result() == Close(Reason.SIGNED_OUT, "Sign in to use a terminal")


async def test_a_failing_engine_is_not_swallowed() -> None:
    class Failing(ScriptedShell):
        async def read(self) -> Event | None:
            raise OSError("the engine went away")

    with pytest.raises(OSError, match="went away"):
        await make_session(ScriptedBrowser(), Failing()).run(READY)


async def test_output_that_was_skipped_ends_the_session_so_that_the_browser_comes_again() -> None:
    async with playing() as stage:
        stage.shell.output.put_nowait(b"seen")
        assert await stage.browser.hear() == Output(0, b"seen")
        stage.shell.taken += 100
        stage.shell.output.put_nowait(b"later")
        assert (await stage.result()).reason is Reason.LAGGED


async def test_who_watches_may_not_type() -> None:
    async with playing(types=False) as stage:
        stage.browser.say(Input(0, b"rm"))
        assert (await stage.result()).reason is Reason.FORBIDDEN
        assert stage.shell.typed.empty()


async def test_a_session_goes_on_where_the_streams_stand() -> None:
    browser, shell = ScriptedBrowser(), ScriptedShell(start=Start(output=1000, end=1000, input=77))
    session = make_session(browser, shell)
    async with asyncio.TaskGroup() as group:
        task = group.create_task(session.run(READY))
        shell.output.put_nowait(b"more")
        browser.say(Input(77, b"x"))
        assert await browser.hear() == READY
        assert await browser.hear() == Output(1000, b"more")
        assert await asyncio.wait_for(shell.typed.get(), 10) == b"x"
        browser.leave()
        assert (await task).reason is Reason.LEFT
    assert (session.output, session.typed) == (1004, 1)
