from pathlib import Path

import pytest

from engine.linux.inotify import INSTANCES, FileWatch, make_room


@pytest.fixture
def limit(tmp_path: Path) -> Path:
    return tmp_path / "max_user_instances"


def test_room_is_made(limit: Path) -> None:
    limit.write_text("128\n")
    make_room(limit)
    assert int(limit.read_text()) == INSTANCES


def test_more_room_stays(limit: Path) -> None:
    limit.write_text("100000\n")
    make_room(limit)
    assert limit.read_text() == "100000\n"


def test_a_kernel_that_lets_nobody_is_no_reason_not_to_start(limit: Path) -> None:
    make_room(limit)
    assert not limit.exists()


@pytest.mark.root
def test_two_hundred_files_are_watched_at_a_time(tmp_path: Path) -> None:
    make_room()
    watches = []
    for number in range(200):
        (tmp_path / str(number)).touch()
        watches.append(FileWatch(tmp_path / str(number)))
    for watch in watches:
        watch.close()
