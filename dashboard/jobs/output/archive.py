"""Where a job's output rests after its end: a gzip file of JSON lines, `["<id>",{…}]` each."""

import contextlib
import gzip
import os
import secrets
import time
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Final
from uuid import UUID

import msgspec
from django.conf import settings

from dashboard.jobs.output.entries import EntryId

#: A draft this old (seconds) belongs to a writer that is gone.
STALE: Final = 3600
_pair: Final = msgspec.json.Decoder(tuple[str, msgspec.Raw])


def directory() -> Path:
    """The console's own: it may be read by nobody else, as logs say more than people think."""
    path: Path = settings.ENVIRONMENT.state / "jobs"
    path.mkdir(mode=0o700, parents=True, exist_ok=True)
    return path


def path_of(job: UUID) -> Path:
    return directory() / f"{job}.jsonl.gz"


def write(job: UUID, entries: Iterable[tuple[EntryId, bytes]]) -> None:
    """Write the whole output; a reader, or a crash, sees all of it or nothing. Raises OSError."""
    path = path_of(job)
    draft = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    try:
        _write_draft(draft, entries)
        draft.replace(path)
    except BaseException:
        with contextlib.suppress(OSError):
            draft.unlink()
        raise
    _sync(path.parent)


def read(job: UUID, after: EntryId) -> Iterator[tuple[EntryId, bytes]]:
    """The entries beyond `after`. Raises FileNotFoundError when the job has no archive."""
    with gzip.open(path_of(job), "rb") as file:
        for line in file:
            text, data = _pair.decode(line)
            if (id_ := EntryId.parse(text)) > after:
                yield id_, bytes(data)


def sweep() -> None:
    """Remove the drafts of writers that were killed."""
    limit = time.time() - STALE
    for draft in directory().glob(".*.jsonl.gz.*"):
        with contextlib.suppress(FileNotFoundError):
            if draft.stat().st_mtime < limit:
                draft.unlink()


def _write_draft(path: Path, entries: Iterable[tuple[EntryId, bytes]]) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        with gzip.GzipFile(filename="", fileobj=file, mode="wb", compresslevel=6) as packed:
            for id_, data in entries:
                packed.write(b'["%b",%b]\n' % (str(id_).encode(), data))
        file.flush()
        os.fsync(descriptor)


def _sync(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
