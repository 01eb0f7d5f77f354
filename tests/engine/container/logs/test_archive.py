import asyncio
import os
import time
from pathlib import Path

import pytest

from engine.container.logs import LogOptions
from engine.container.logs.archive import LogArchive, Retention
from engine.container.logs.archived import ArchivedLog
from engine.errors import InvalidParameter, NotFound

LINE = b"2026-11-24T20:00:00.000000000+00:00 stdout F %s\n"
BOTH = LogOptions(stdout=True, stderr=True)


def note(identifier: str, **more: object) -> ArchivedLog:
    told = {"name": f"n-{identifier}", "image": "busybox", "image_id": "sha256:abcdef", "exit_code": 3, **more}
    times = {"created": 1, "started": 2, "finished": 3, "removed": time.time_ns()}
    return ArchivedLog(id=identifier, **{**times, **told})  # type: ignore[arg-type]


def folder(tmp_path: Path, text: bytes | None = b"hello") -> Path:
    made = tmp_path / f"container-{len(list(tmp_path.iterdir()))}"
    (made / "exec/one").mkdir(parents=True)
    (made / "hosts").touch()
    if text is not None:
        (made / "output.log").write_bytes(LINE % text)
    return made


@pytest.fixture
def archive(tmp_path: Path) -> LogArchive:
    return LogArchive(tmp_path / "logs", Retention(seconds=1000, size=1_000_000))


async def text(archive: LogArchive, ref: str, options: LogOptions = BOTH) -> bytes:
    return b"".join([chunk.data async for chunk in archive.read(await archive.find(ref), options)])


async def test_a_log_is_kept_with_its_note_and_nothing_else(archive: LogArchive, tmp_path: Path):
    source = folder(tmp_path)
    await archive.keep(note("abc1", details="a=b"), source)
    assert not source.exists()
    assert sorted(path.name for path in (tmp_path / "logs/abc1").iterdir()) == ["archived.json", "output.log"]
    for ref in ("abc1", "ab", "n-abc1"):
        assert await text(archive, ref) == b"hello\n"
    assert await text(archive, "abc1", LogOptions(stdout=True, stderr=False, details="")) == b"a=b hello\n"
    (found,) = await archive.list({})
    assert (found.exit_code, found.size > 0) == (3, True)
    with pytest.raises(InvalidParameter, match="at least one stream"):
        archive.read(found, LogOptions(stdout=False, stderr=False))


async def test_who_wrote_nothing_leaves_nothing(archive: LogArchive, tmp_path: Path):
    for number, content in enumerate((None, b"")):
        source = folder(tmp_path, content)
        if content == b"":
            (source / "output.log").write_bytes(b"")
        await archive.keep(note(f"a{number}"), source)
        assert source.exists()
    assert await archive.list({}) == []


async def test_nothing_is_kept_where_nobody_wants_it(tmp_path: Path):
    source = folder(tmp_path)
    for retention in (Retention(seconds=0, size=1), Retention(seconds=1, size=0)):
        await LogArchive(tmp_path / "logs", retention).keep(note("a"), source)
        assert source.exists()


async def test_what_can_not_be_kept_is_no_obstacle(archive: LogArchive, tmp_path: Path):
    (tmp_path / "logs").touch()
    source = folder(tmp_path)
    await archive.keep(note("a"), source)
    assert source.exists()


async def test_one_of_several_is_found(archive: LogArchive, tmp_path: Path):
    for identifier, name in (("ab1", "web"), ("ab2", "web"), ("cd3", "db")):
        await archive.keep(note(identifier, name=name, labels={"tier": name}), folder(tmp_path, identifier.encode()))
    assert await text(archive, "web") == b"ab2\n", "the last that had the name"
    with pytest.raises(InvalidParameter, match="Multiple IDs found"):
        await archive.find("ab")
    for ref in ("ef", "..", "../logs/ab1"):
        with pytest.raises(NotFound, match="No such archived log"):
            await archive.find(ref)
    await archive.remove("ab2")
    assert await text(archive, "web") == b"ab1\n"


@pytest.mark.parametrize(
    ("filters", "ids"),
    [
        ({}, ["c3", "b2", "a1"]),
        ({"id": ["a", "c3"]}, ["c3", "a1"]),
        ({"name": ["^n-b"]}, ["b2"]),
        ({"image": ["busybox"]}, ["b2", "a1"]),
        ({"image": ["busybox:1"]}, ["b2"]),
        ({"image": ["abcd"]}, ["c3", "b2", "a1"]),
        ({"label": ["x", "y=2"]}, ["c3"]),
        ({"label": ["x"], "id": ["b"]}, ["b2"]),
    ],
)
async def test_filters(archive: LogArchive, tmp_path: Path, filters: dict[str, list[str]], ids: list[str]):
    rows: list[tuple[str, str, dict[str, str]]]
    rows = [("a1", "busybox", {}), ("b2", "busybox:1", {"x": "1"}), ("c3", "redis", {"x": "1", "y": "2"})]
    for identifier, image, labels in rows:
        await archive.keep(note(identifier, image=image, labels=labels), folder(tmp_path))
    assert [each.id for each in await archive.list(filters)] == ids


@pytest.mark.parametrize("filters", [{"colour": ["red"]}, {"name": ["("]}])
async def test_a_filter_that_is_none(archive: LogArchive, tmp_path: Path, filters: dict[str, list[str]]):
    await archive.keep(note("a"), folder(tmp_path))
    with pytest.raises(InvalidParameter, match="invalid filter"):
        await archive.list(filters)


async def test_the_old_and_the_too_many_are_swept(archive: LogArchive, tmp_path: Path):
    for number in range(4):
        await archive.keep(note(f"a{number}"), folder(tmp_path, b"x" * 300_000))
        os.utime(tmp_path / f"logs/a{number}/archived.json", (number * 100, number * 100))
    (tmp_path / "logs/broken").mkdir()
    os.utime(tmp_path / "logs/broken", (0, 0))
    archive.sweep(now=350)
    assert {each.id for each in await archive.list({})} == {"a1", "a2", "a3"}, "all four are more than fits"
    archive.sweep(now=1250)
    assert {each.id for each in await archive.list({})} == {"a3"}, "older than a thousand seconds"
    archive.sweep(now=1400)
    assert list((tmp_path / "logs").iterdir()) == []


async def test_it_sweeps_by_itself_when_much_has_come(archive: LogArchive, tmp_path: Path):
    archive.start()
    for number in range(5):
        await archive.keep(note(f"a{number}"), folder(tmp_path, b"x" * 400_000))
    while len(await archive.list({})) > 2:
        await asyncio.sleep(0.01)
    await archive.close()
