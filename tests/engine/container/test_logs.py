import asyncio

import pytest

from engine import tasks
from engine.container import logs
from engine.container.logs import LogOptions
from engine.container.logs import tail as tail_module
from engine.container.streams import Stream

T = "2026-11-24T10:00:0{}.000000000+00:00"


@pytest.fixture
def log(tmp_path):
    path = tmp_path / "output.log"
    path.write_bytes(
        b"".join(
            f"{T.format(second)} {stream} {tag} {text}\n".encode()
            for second, stream, tag, text in [
                (1, "stdout", "F", "one"),
                (2, "stderr", "F", "two"),
                (3, "stdout", "P", "thr"),
                (4, "stdout", "F", "ee"),
                (5, "stdout", "F", ""),
                (6, "stderr", "P", "no newline"),
            ]
        )
    )
    return path


def ended():
    event = asyncio.Event()
    event.set()
    return event


async def read(path, **options):
    wanted = LogOptions(**{"stdout": True, "stderr": True, **options})
    return [chunk async for chunk in logs.read(path, wanted, ended())]


async def text(path, **options):
    return b"".join(chunk.data for chunk in await read(path, **options))


async def test_the_output_comes_back_byte_for_byte(log):
    assert await text(log) == b"one\ntwo\nthree\n\nno newline"


async def test_one_stream_alone(log):
    assert await text(log, stderr=False) == b"one\nthree\n\n"
    assert [chunk.stream for chunk in await read(log, stdout=False)] == [Stream.STDERR]


@pytest.mark.parametrize(
    ("tail", "expected"),
    [
        (0, b""),
        (1, b"no newline"),
        (2, b"\nno newline"),
        (3, b"three\n\nno newline"),
        (99, b"one\ntwo\nthree\n\nno newline"),
    ],
)
async def test_tail_counts_lines_not_parts(log, tail, expected, monkeypatch):
    for block in (tail_module._BLOCK, 64, 7):
        monkeypatch.setattr(tail_module, "_BLOCK", block)
        assert await text(log, tail=tail) == expected


async def test_times_stand_once_a_line(log):
    assert await text(log, stderr=False, timestamps=True) == (
        b"2026-11-24T10:00:01.000000000Z one\n2026-11-24T10:00:03.000000000Z three\n2026-11-24T10:00:05.000000000Z \n"
    )


async def test_since_and_until(log):
    third = logs.nanoseconds(T.format(3).encode())
    assert await text(log, since=third) == b"three\n\nno newline"
    assert await text(log, until=third) == b"one\ntwo\nthr"


async def test_a_container_that_never_ran_has_an_empty_log(tmp_path):
    assert await text(tmp_path / "missing") == b""


def test_a_time_with_an_offset_is_told_in_utc():
    assert logs.docker_time(b"2026-11-24T10:00:00.123456789+02:00") == b"2026-11-24T08:00:00.123456789Z"


async def test_following_ends_with_the_container_and_misses_nothing(log):
    running, received = asyncio.Event(), []
    owner: set[asyncio.Task[None]] = set()

    async def follow():
        wanted = LogOptions(stdout=True, stderr=True, follow=True)
        received.extend([chunk.data async for chunk in logs.read(log, wanted, running)])

    follower = tasks.spawn(follow(), name="follow", owner=owner)
    with log.open("ab") as writer:
        for number in range(50):
            writer.write(f"{T.format(7)} stdout F line {number}\n".encode())
            writer.flush()
            await asyncio.sleep(0)
        writer.write(f"{T.format(7)} stdout F half".encode())
        writer.flush()
        await asyncio.sleep(0.05)
        writer.write(b" a line\n")
    running.set()
    await follower
    before = b"one\ntwo\nthree\n\nno newline"
    assert b"".join(received) == before + b"".join(b"line %d\n" % n for n in range(50)) + b"half a line\n"
