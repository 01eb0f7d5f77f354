"""Rotation with a writer in this process that reopens its file as conmon does; the real one is met in the driver's."""

import asyncio

import pytest

from engine import tasks
from engine.container.logs import LogOptions, read
from engine.container.logs.files import LogFiles
from engine.container.logs.policy import LogPolicy
from engine.container.logs.rotation import Rotation, WatchedLog, rotate

TIME = "2026-11-24T10:00:00.000000000+00:00"


class Writer:
    """Writes numbered lines; each is ten bytes of output."""

    def __init__(self, path):
        self.path = path
        self.count = 0
        self.file = path.open("ab", buffering=0)

    def write(self, lines):
        for _ in range(lines):
            self.file.write(f"{TIME} stdout F line {self.count:04d}\n".encode())
            self.count += 1

    def reopen(self):
        self.file.close()
        fresh = self.path.with_name("fresh")
        self.file = fresh.open("wb", buffering=0)
        fresh.replace(self.path)


@pytest.fixture
def writer(tmp_path):
    made = Writer(tmp_path / "output.log")
    yield made
    made.file.close()


def watched(writer, max_files, max_size=1000):
    return WatchedLog(LogFiles(writer.path), LogPolicy(max_size=max_size, max_files=max_files), writer.reopen)


async def lines(path, *, ended=True, **options):
    event = asyncio.Event()
    if ended:
        event.set()
    chunks = read(path, LogOptions(stdout=True, stderr=True, **options), event)
    return b"".join([chunk.data async for chunk in chunks]).decode().splitlines()


def numbered(first, last):
    return [f"line {number:04d}" for number in range(first, last)]


async def test_full_files_carry_the_number_of_their_first_byte(writer):
    log = watched(writer, 3)
    for count in (5, 7, 2):
        writer.write(count)
        await rotate(log)
    writer.write(4)
    assert [file.start for file in log.files.full()] == [50, 120]
    assert log.files.end() == 180
    assert await lines(writer.path) == numbered(5, 18)
    assert await lines(writer.path, tail=5) == numbered(13, 18)
    assert await lines(writer.path, tail=99) == numbered(5, 18)


async def test_one_file_alone_starts_again_and_goes_on_counting(writer):
    log = watched(writer, 1)
    for _ in range(3):
        writer.write(10)
        await rotate(log)
        assert await lines(writer.path) == []
    writer.write(1)
    assert (log.files.end(), await lines(writer.path)) == (310, ["line 0030"])
    assert len(list(writer.path.parent.iterdir())) == 2  # the file, and an empty one that keeps the number


async def test_a_rotation_that_was_cut_off_is_done_again(writer):
    log = watched(writer, 3)
    writer.write(3)
    broken = WatchedLog(log.files, log.policy, _refuse)
    for _ in range(2):
        with pytest.raises(ProcessLookupError):
            await rotate(broken)
        assert await lines(writer.path) == numbered(0, 3)  # two names, one file: not read twice
    await rotate(log)
    writer.write(1)
    assert await lines(writer.path) == numbered(0, 4)


async def test_a_follower_sees_each_line_once(writer):
    log, ended = watched(writer, 3), asyncio.Event()
    received: list[str] = []
    owner: set[asyncio.Task[None]] = set()

    async def follow():
        async for chunk in read(writer.path, LogOptions(stdout=True, stderr=True, follow=True), ended):
            received.extend(chunk.data.decode().splitlines())

    following = tasks.spawn(follow(), name="follow", owner=owner)
    for _ in range(20):
        writer.write(7)
        await asyncio.sleep(0.001)
        await rotate(log)
        writer.write(3)
        await asyncio.sleep(0.001)
    ended.set()
    await following
    assert received == numbered(0, 200)


async def test_logs_are_kept_within_their_bounds(writer):
    rotation = Rotation()
    writer.write(100)  # more than fits: written while no engine was there
    rotation.watch("c", watched(writer, 2))
    async with asyncio.timeout(10):
        while not LogFiles(writer.path).full():
            await asyncio.sleep(0.01)
    rotation.unwatch("c")
    await rotation.close()
    writer.write(1)
    assert await lines(writer.path) == numbered(0, 101)


def _refuse():
    raise ProcessLookupError("the monitor is gone")
