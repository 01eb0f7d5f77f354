"""Many clients on one container at once: each gets the right answer, and the container ends in a state that is one."""

from collections import Counter
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.support import api
from tests.support.docker_cli import Docker
from tests.support.engine import EngineProcess

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


def test_each_rename_counts_and_the_last_name_stays(docker: Docker, container: str, pulled_busybox: str) -> None:
    names = [f"name-{number}" for number in range(_CLIENTS)]
    answers = _storm(docker, [("POST", f"/containers/{container}/rename?name={name}") for name in names])
    assert answers == {204: _CLIENTS}
    (name,) = docker("ps", "--all", "--format", "{{.Names}}").splitlines()
    assert name in names
    for other in {"one", *names} - {name}:
        docker("create", "--name", other, pulled_busybox, "true")  # none of the names is held by nobody


def test_one_of_many_gets_a_name(docker: Docker, pulled_busybox: str) -> None:
    made = [docker("create", pulled_busybox, "true") for _ in range(_CLIENTS // 2)]
    answers = _storm(docker, [("POST", f"/containers/{each}/rename?name=wanted") for each in made])
    assert answers == {204: 1, 409: len(made) - 1}
    assert docker("ps", "--all", "--filter", "name=^wanted$", "--format", "{{.Names}}") == "wanted"


def test_what_is_done_to_a_container_that_goes_does_not_bring_it_back(
    docker: Docker, engine: EngineProcess, container: str, pulled_busybox: str
) -> None:
    """All kinds of requests at once; each answer is one that Docker could give, and nothing is left but the end."""
    actions = ["rename?name=other", "start", "stop?t=0", "kill", "wait", "pause", "unpause", "restart?t=0"]
    requests = [("POST", f"/containers/{container}/{action}") for action in actions * 2]
    requests += [("GET", f"/containers/{container}/{what}") for what in ("json", "logs?stdout=1", "top")] * 2
    requests += [("DELETE", f"/containers/{container}?force=1")] * 2
    answers = _storm(docker, requests)
    assert set(answers) <= {200, 204, 304, 400, 404, 409}  # 400: a rename to the name that it has
    docker.run("rm", "--force", container)
    engine.kill9()
    engine.restart()
    assert docker("ps", "--all", "--quiet") == ""
    docker("create", "--name", "one", pulled_busybox, "true")
    docker("create", "--name", "other", pulled_busybox, "true")
