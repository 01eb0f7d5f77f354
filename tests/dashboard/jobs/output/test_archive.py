"""Outputs at rest."""

import gzip
import os
import uuid
from collections.abc import Iterator

import pytest

from dashboard.jobs.output import archive
from dashboard.jobs.output.entries import START, EntryId, Line, encode
from tests.support.jobs import Console

ENTRIES = [(EntryId(1, number), encode(Line(text=f"línea {number} \u2028 \n", at=1.0))) for number in range(1, 1200)]


def test_what_is_written_is_read_from_any_entry_on(console: Console) -> None:
    job = uuid.uuid4()
    archive.write(job, ENTRIES)
    assert list(archive.read(job, START)) == ENTRIES
    assert list(archive.read(job, EntryId(1, 1100))) == ENTRIES[1100:]
    assert list(archive.read(job, EntryId(2, 1))) == []


def test_only_its_owner_reads_it(console: Console) -> None:
    job = uuid.uuid4()
    archive.write(job, ENTRIES)
    assert archive.path_of(job).stat().st_mode & 0o777 == 0o600
    assert archive.directory().stat().st_mode & 0o777 == 0o700
    assert gzip.decompress(archive.path_of(job).read_bytes()).startswith(b'["1-1",{"type":"line"')


def test_a_failed_write_leaves_nothing_and_the_old_one_in_place(console: Console) -> None:
    job = uuid.uuid4()
    archive.write(job, ENTRIES[:1])

    def broken() -> Iterator[tuple[EntryId, bytes]]:
        yield ENTRIES[0]
        raise OSError("no space left")

    with pytest.raises(OSError, match="no space"):
        archive.write(job, broken())
    assert list(archive.read(job, START)) == ENTRIES[:1]
    assert [path.name for path in archive.directory().iterdir()] == [archive.path_of(job).name]


def test_drafts_of_the_dead_are_swept_and_those_of_the_living_stay(console: Console) -> None:
    job = uuid.uuid4()
    archive.write(job, ENTRIES[:1])
    old, new = (archive.directory() / f".{job}.jsonl.gz.{name}" for name in ("old", "new"))
    old.touch()
    new.touch()
    os.utime(old, (1, 1))
    archive.sweep()
    assert not old.exists()
    assert new.exists()
    assert archive.path_of(job).exists()
