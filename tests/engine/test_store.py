import asyncio
import contextlib
import gc
import stat
import subprocess

import msgspec
import pytest

from engine.errors import Unavailable
from engine.store import Database, Records, atomic_write


class Thing(msgspec.Struct):
    name: str
    parts: list[str] = []


@pytest.fixture
def database(tmp_path):
    made = Database(tmp_path / "state" / "engine.db")
    yield made
    made.close()


async def test_records_come_back_after_the_database_was_closed(tmp_path):
    path = tmp_path / "engine.db"
    first = Database(path)
    things = Records(first, "thing", Thing)
    await things.put("a", Thing("one", ["x"]))
    await things.put("a", Thing("two"))
    await things.put("b", Thing("three"))
    await Records(first, "other", Thing).put("a", Thing("of another kind"))
    await things.delete("b", "not there")
    first.close()
    second = Database(path)
    assert Records(second, "thing", Thing).load() == {"a": Thing("two")}
    second.close()


async def test_a_record_is_written_as_it_was_when_put_was_called(database):
    things, thing = Records(database, "thing", Thing), Thing("before")
    writing = asyncio.gather(things.put("a", thing))
    await asyncio.sleep(0)
    thing.name = "after"
    await writing
    assert things.load() == {"a": Thing("before")}


async def test_many_writers_at_once(database):
    things = Records(database, "thing", Thing)

    async def come_and_go(number: int) -> None:
        for _ in range(20):
            await things.put(str(number), Thing("x"))
            gc.collect(0)  # a cursor that had come over here would be dropped while its thread works
            await things.delete(str(number))

    await asyncio.gather(*map(come_and_go, range(20)))
    assert things.load() == {}


def test_only_its_owner_reads_the_state(database, tmp_path):
    assert stat.S_IMODE((tmp_path / "state/engine.db").stat().st_mode) == 0o600


def test_a_file_is_replaced_whole(tmp_path):
    target = tmp_path / "file"
    atomic_write(target, b"old")
    atomic_write(target, b"new", mode=0o644)
    assert target.read_bytes() == b"new"
    assert list(tmp_path.iterdir()) == [target]


async def test_a_record_that_can_not_be_read_stands_alone(database):
    things, numbers = Records(database, "thing", Thing), Records(database, "thing", int)
    await things.put("well", Thing("one"))
    await numbers.put("ill", 7)
    await database.write("INSERT INTO record VALUES ('thing', 'worse', ?)", [(7,)])
    told: list[tuple[str, bytes]] = []
    assert things.load(lambda key, body, _: told.append((key, body))) == {"well": Thing("one")}
    assert sorted(told) == [("ill", b"7"), ("worse", b"7")]
    assert things.load() == {"well": Thing("one")}


def test_a_file_that_is_no_database_is_named(tmp_path):
    path = tmp_path / "engine.db"
    path.write_bytes(b"no database at all" * 1000)
    with pytest.raises(Unavailable, match="file is not a database"):
        Database(path)


@pytest.mark.root
async def test_a_full_disk(tmp_path):
    """There is room for hundreds of records; then it is an OSError, and all is well when there is room again."""
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=10m", "small", tmp_path], check=True)
    try:
        database = Database(tmp_path / "engine.db")
        things = Records(database, "thing", Thing)
        with (tmp_path / "filler").open("wb", buffering=0) as filler, contextlib.suppress(OSError):
            while filler.write(bytes(4096)):
                pass
        for number in range(200):
            await things.put(str(number % 50), Thing("x" * 3000))
        more = {f"more {number}": Thing("x" * 3000) for number in range(5000)}
        with pytest.raises(OSError, match="No space left on device"):
            await things.put_all(more)
        (tmp_path / "filler").unlink()
        await things.put("last", Thing("y"))
        assert things.load()["last"] == Thing("y")
        database.close()
    finally:
        subprocess.run(["umount", tmp_path], check=True)
