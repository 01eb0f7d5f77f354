"""The hub against a stand-in monitor: the real one is met in the engine's own tests."""

import asyncio

import pytest

from engine import tasks
from engine.container import attach
from engine.container.attach import Hub
from engine.container.logs.files import LogFiles
from engine.container.streams import Stream
from engine.execdriver.driver import Stdio

BOTH = frozenset({Stream.STDOUT, Stream.STDERR})
ALL = frozenset(Stream)


class StandInSocket:
    def __init__(self):
        self.packets: asyncio.Queue[tuple[int, bytes] | None] = asyncio.Queue()
        self.sent = b""
        self.half_closed = self.closed = False

    async def receive(self):
        return await self.packets.get()

    async def send(self, data):
        self.sent += data

    def half_close(self):
        self.half_closed = True

    def close(self):
        self.closed = True


class Monitor:
    def __init__(self, *, log=None, **stdio):
        self.sockets: list[StandInSocket] = []
        self.log = log
        self.hub = Hub(Stdio(**{"tty": False, "stdin": True, "stdin_once": True, **stdio}), self.connect, log)

    async def connect(self):
        self.sockets.append(StandInSocket())
        return self.sockets[-1]

    def write(self, *packets):
        for packet in packets:
            self.sockets[-1].packets.put_nowait(packet)

    def log_lines(self, *lines):
        with self.log.path.open("a") as file:
            file.writelines(f"2026-11-24T10:00:00.000000000+00:00 stdout F {line}\n" for line in lines)

    def write_lines(self, *lines):
        self.log_lines(*lines)
        self.write(*((1, f"{line}\n".encode()) for line in lines))

    def cut_log(self):
        self.log.path.write_bytes(b"")

    def remove_log(self):
        self.log.path.unlink()


async def collect(client):
    return [(chunk.stream, chunk.data) async for chunk in client]


async def test_clients_before_the_start_miss_nothing():
    monitor = Monitor()
    first, second = monitor.hub.join(BOTH), monitor.hub.join(frozenset({Stream.STDERR}))
    assert not monitor.sockets
    await monitor.hub.open()
    monitor.write((1, b"out"), (2, b"err"), None)
    await monitor.hub.end()
    assert await collect(first) == [(Stream.STDOUT, b"out"), (Stream.STDERR, b"err")]
    assert await collect(second) == [(Stream.STDERR, b"err")]


async def test_nobody_is_connected_for_nobody():
    monitor = Monitor()
    await monitor.hub.open()
    assert not monitor.sockets


async def test_input_waits_for_the_process_and_ends_once():
    monitor = Monitor()
    client = monitor.hub.join(ALL)
    owner: set[asyncio.Task[None]] = set()
    writing = tasks.spawn(client.write(b"hello"), name="write", owner=owner)
    await asyncio.sleep(0)
    await monitor.hub.open()
    await writing
    await client.close_stdin()
    await client.write(b"too late")
    assert monitor.sockets[0].sent == b"hello"
    assert monitor.sockets[0].half_closed
    monitor.write(None)
    await monitor.hub.end()


async def test_end_of_input_before_the_start_is_not_forgotten():
    monitor = Monitor()
    client = monitor.hub.join(ALL)
    await client.close_stdin()
    await monitor.hub.open()
    assert monitor.sockets[0].half_closed
    monitor.write(None)
    await monitor.hub.end()


@pytest.mark.parametrize("stdio", [{"tty": True}, {"stdin_once": False}])
async def test_a_terminal_and_an_open_stdin_have_no_end_of_input(stdio):
    monitor = Monitor(**stdio)
    client = monitor.hub.join(ALL)
    await monitor.hub.open()
    await client.close()
    while not monitor.sockets[0].closed:  # the last client gives the connection back
        await asyncio.sleep(0)
    assert not monitor.sockets[0].half_closed
    again = monitor.hub.join(ALL)
    await monitor.hub.open()
    monitor.write((1, b"again"), None)
    await monitor.hub.end()
    assert await collect(again) == [(Stream.STDOUT, b"again")]


async def test_a_slow_client_without_a_log_is_waited_for_and_one_that_left_is_not(monkeypatch):
    monkeypatch.setattr(attach, "BUFFER_LIMIT", 10)
    monitor = Monitor()
    slow, gone = monitor.hub.join(BOTH), monitor.hub.join(BOTH)
    await monitor.hub.open()
    monitor.write(*[(1, b"0123456789")] * 3, None)
    await asyncio.sleep(0.01)
    assert slow._buffered == 10
    await gone.close()
    reading = [chunk async for chunk in _until(slow, 3)]
    assert b"".join(chunk.data for chunk in reading) == b"0123456789" * 3
    await monitor.hub.end()


async def test_a_client_that_takes_nothing_is_told_what_it_missed_and_goes_on(monkeypatch):
    monkeypatch.setattr(attach, "BUFFER_LIMIT", 10)
    monkeypatch.setattr(attach, "PATIENCE_S", 0.01)
    monitor = Monitor()
    stuck = monitor.hub.join(BOTH)
    await monitor.hub.open()
    monitor.write(*[(1, b"0123456789")] * 3)
    while stuck._missed < 20:
        await asyncio.sleep(0.001)
    reading = aiter(stuck)
    gap = attach._MISSED.format(20).encode()
    assert [await anext(reading) for _ in range(2)] == [(Stream.STDOUT, b"0123456789"), (Stream.STDERR, gap)]
    monitor.write((1, b"again"))
    assert await anext(reading) == (Stream.STDOUT, b"again")
    monitor.write(*[(1, b"0123456789")] * 2, None)
    await monitor.hub.end()
    assert [chunk async for chunk in reading][1:] == [(Stream.STDERR, attach._MISSED.format(10).encode())]


@pytest.fixture
def logged(tmp_path, monkeypatch):
    """A monitor that writes a log before it writes to its clients, as conmon does; here the log has an old line."""
    monkeypatch.setattr(attach, "BUFFER_LIMIT", 10)
    monitor = Monitor(log=LogFiles(tmp_path / "output.log"))
    monitor.log_lines("an older run")
    return monitor


async def test_a_slow_client_reads_on_from_the_log_and_holds_nobody_up(logged):
    slow, quick = logged.hub.join(BOTH), logged.hub.join(BOTH)
    await logged.hub.open(at_start=True)
    lines = [f"line {number}" for number in range(20)]
    logged.write_lines(*lines[:10])
    seen, reading = b"", aiter(quick)
    while not seen.endswith(b"line 9\n"):
        seen += (await anext(reading)).data
    read = aiter(slow)
    received = [(await anext(read)).data for _ in range(3)]  # it has caught up
    logged.write_lines(*lines[10:])
    logged.write(None)
    await logged.hub.end()
    logged.remove_log()
    received += [chunk.data async for chunk in read]
    assert b"".join(received).decode().splitlines() == lines


async def test_a_slow_client_is_told_that_the_log_has_not_what_it_missed(logged):
    slow = logged.hub.join(BOTH)
    await logged.hub.open(at_start=True)
    logged.write_lines(*["twelve bytes"] * 3)
    while slow._behind is None:
        await asyncio.sleep(0.001)
    logged.cut_log()
    while slow._told < 13 + 3 * 13:
        await asyncio.sleep(0.001)
    reading = aiter(slow)
    assert await anext(reading) == (Stream.STDOUT, b"twelve bytes\n")
    assert await anext(reading) == (Stream.STDERR, attach._MISSED.format(26).encode())
    logged.write_lines("it goes on")
    assert await anext(reading) == (Stream.STDOUT, b"it goes on\n")
    logged.write(None)
    await logged.hub.end()
    assert [chunk async for chunk in reading] == []


async def _until(client, count):
    async for chunk in client:
        yield chunk
        count -= 1
        if not count:
            return


async def test_a_start_that_fails_ends_the_clients():
    monitor = Monitor()
    client = monitor.hub.join(ALL)
    await monitor.hub.end()
    assert await collect(client) == []
    await client.write(b"nobody reads")
