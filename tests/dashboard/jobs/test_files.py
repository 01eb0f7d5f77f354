"""Large files of jobs: whole or not there, and swept away in time."""

import os
import time
import uuid

import pytest

from dashboard.jobs import files

pytestmark = pytest.mark.usefixtures("console")


def test_a_file_is_there_once_it_is_whole() -> None:
    id_ = uuid.uuid4()
    with files.UPLOADS.writing(id_) as draft:
        draft.write(b"one")
        assert not files.UPLOADS.path_of(id_).exists()
        draft.write(b"two")
    assert files.UPLOADS.path_of(id_).read_bytes() == b"onetwo"
    assert draft.size == 6
    assert files.UPLOADS.path_of(id_).stat().st_mode & 0o777 == 0o600


def test_what_fails_leaves_nothing() -> None:
    with pytest.raises(TypeError), files.UPLOADS.writing(uuid.uuid4()) as draft:
        draft.write("no bytes")  # type: ignore[arg-type]
    assert not list(files.UPLOADS.directory.iterdir())


def test_more_than_fits_is_refused(monkeypatch) -> None:
    monkeypatch.setattr(files, "LARGEST", 5)
    with pytest.raises(files.NoRoom), files.UPLOADS.writing(uuid.uuid4()) as draft:
        draft.write(b"123456")


def test_old_files_and_abandoned_drafts_are_swept() -> None:
    young, old = uuid.uuid4(), uuid.uuid4()
    for id_ in (young, old):
        with files.SAVED.writing(id_) as draft:
            draft.write(b"x")
    abandoned = files.SAVED.directory / ".x.draft"
    abandoned.touch()
    os.utime(abandoned, (0, time.time() - 7200))
    os.utime(files.SAVED.path_of(old), (0, time.time() - files.KEPT - 60))
    files.SAVED.sweep()
    assert [path.name for path in files.SAVED.directory.iterdir()] == [str(young)]
