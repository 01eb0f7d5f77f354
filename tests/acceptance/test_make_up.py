"""`make up`: everything runs, each part as the user it should be; Ctrl-C ends all of it, containers excepted."""

import signal
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from tests.support import session
from tests.support.stack import USER, Stack
from tests.support.waiting import until

pytestmark = [pytest.mark.root, pytest.mark.timeout(300)]


@pytest.fixture
def installation() -> Iterator[Stack]:
    stack = Stack(argv=("make", "up"), PORTSIDE_ADMIN_PASSWORD="")
    yield stack
    stack.close()


def test_up_twice_and_down(installation: Stack, busybox: str) -> None:
    installation.start()

    _assert_sign_in_is_asked_for(installation)
    assert installation.processes() == {
        "redis": USER, "engine": "root", "web": USER, "worker": USER, "scheduler": USER,
    }  # fmt: skip
    assert installation.log.read_text().count("First sign-in: user admin, password ") == 1
    installation.docker("run", "-d", "--name", "t1", busybox, "sleep", "1000")
    container = psutil.Process(int(installation.docker("inspect", "--format", "{{.State.Pid}}", "t1")))
    stamps = _stamps()

    installation.stop()

    assert _left(installation) == []
    assert container.is_running()

    installation.start()
    assert _stamps() == stamps, "a second make changes nothing"
    assert "installing" not in installation.log.read_text().partition("stopping")[2]
    assert installation.log.read_text().count("First sign-in") == 1
    assert installation.docker("ps", "--format", "{{.Names}} {{.State}}") == "t1 running"


def test_a_part_that_dies_ends_the_rest(installation: Stack) -> None:
    installation.start()
    assert installation.child is not None
    web = next(
        process
        for process in psutil.Process(installation.child.pid).children(recursive=True)
        if "uvicorn" in process.cmdline()
    )

    web.send_signal(signal.SIGKILL)

    assert installation.child.wait(seconds=60) != 0
    assert "web was ended by SIGKILL: what it said is above; stopping the rest" in installation.log.read_text()
    assert _left(installation) == []


def test_the_parts_end_with_a_supervisor_that_is_killed(installation: Stack) -> None:
    installation.start()
    assert installation.child is not None
    parts = psutil.Process(installation.child.pid).children(recursive=True)
    supervisor = next(process for process in parts if process.cmdline()[1:3] == ["-m", "supervisor"])

    supervisor.kill()

    until("the parts' end", lambda: not any(part.is_running() for part in parts), seconds=60)


def _assert_sign_in_is_asked_for(installation: Stack) -> None:
    with urllib.request.urlopen(f"{installation.url}/", timeout=20) as page:
        text = page.read().decode()
        assert page.status == 200
        assert "/accounts/login/" in page.url
    assert 'name="password"' in text


def _left(installation: Stack) -> list[str]:
    """Command lines of what still runs with this installation's environment, but for the containers' monitors."""
    mark = f"PORTSIDE_RUN={installation.config.run}".encode()
    lines = []
    for process in psutil.process_iter():
        try:
            if mark in Path(f"/proc/{process.pid}/environ").read_bytes().split(b"\0") and process.name() != "conmon":
                lines.append(" ".join(process.cmdline()))
        except (OSError, psutil.Error):
            continue  # it ended while we looked
    return lines


def _stamps() -> dict[str, int]:
    names = (".venv/run.ready", "node_modules/.ready", "dist/.ready")
    return {name: (session.CHECKOUT / name).stat().st_mtime_ns for name in names}
