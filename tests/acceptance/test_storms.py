"""Many clients on one container at once: each gets the right answer, and the container ends in a state that is one."""

from collections import Counter
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.support import api
from tests.support.docker_cli import Docker

pytestmark = pytest.mark.root

_CLIENTS = 20


def _storm(docker: Docker, requests: Sequence[tuple[str, str]]) -> Counter[int]:
    """All requests at once, each on a connection of its own; how often each status was the answer."""
    with ThreadPoolExecutor(len(requests)) as clients:
        answers = clients.map(lambda each: api.request(docker.socket, *each), requests)
        return Counter(answer.status for answer in answers)


@pytest.fixture
def container(docker: Docker, pulled_busybox: str) -> str:
    return docker("create", "--name", "one", pulled_busybox, "sleep", "600")


def _status(docker: Docker) -> str:
    return docker("inspect", "--format", "{{.State.Status}}", "one")


def test_one_of_many_starts_it(docker: Docker, container: str) -> None:
    assert _storm(docker, [("POST", f"/containers/{container}/start")] * _CLIENTS) == {204: 1, 304: _CLIENTS - 1}
    assert _status(docker) == "running"


def test_all_who_stop_it_see_it_stopped(docker: Docker, container: str) -> None:
    docker("start", "one")
    answers = _storm(docker, [("POST", f"/containers/{container}/stop?t=0")] * _CLIENTS)
    assert set(answers) <= {204, 304}
    assert _status(docker) == "exited"


def test_one_of_many_removes_it(docker: Docker, container: str) -> None:
    answers = _storm(docker, [("DELETE", f"/containers/{container}")] * _CLIENTS)
    assert answers[204] == 1
    assert set(answers) <= {204, 404, 409}
    assert docker("ps", "--all", "--quiet") == ""


def test_all_who_remove_it_by_force_see_it_gone(docker: Docker, container: str) -> None:
    docker("start", "one")
    answers = _storm(docker, [("DELETE", f"/containers/{container}?force=1")] * _CLIENTS)
    assert answers[204] >= 1
    assert set(answers) <= {204, 404}
    assert docker("ps", "--all", "--quiet") == ""


def test_starts_stops_and_kills_against_each_other(docker: Docker, container: str) -> None:
    actions = ["start", "stop?t=0", "kill", "restart?t=0", "pause"] * (_CLIENTS // 5)
    answers = _storm(docker, [("POST", f"/containers/{container}/{action}") for action in actions])
    assert set(answers) <= {204, 304, 409}

    if _status(docker) == "paused":
        docker("unpause", "one")
    docker("start", "one")
    assert docker("exec", "one", "echo", "well") == "well"


def test_a_restarting_container_is_removed_among_starts(docker: Docker, pulled_busybox: str) -> None:
    container = docker("run", "-d", "--name", "one", "--restart", "always", pulled_busybox, "false")
    starts = [("POST", f"/containers/{container}/start")] * (_CLIENTS // 2)
    removals = [("DELETE", f"/containers/{container}?force=1")] * (_CLIENTS // 2)
    answers = _storm(docker, [*starts, *removals])
    assert answers[204] >= 1
    assert set(answers) <= {204, 304, 404, 409}
    assert docker("ps", "--all", "--quiet") == ""
