"""Health checks as the docker client sees them."""

import json
import time
from typing import Any

import psutil
import pytest

from tests.support import api
from tests.support.docker_cli import Docker
from tests.support.engine import EngineProcess
from tests.support.waiting import until

pytestmark = pytest.mark.root

_EAGER = ("--health-interval", "100ms", "--health-retries", "2")
_STUCK = "sleep 86399"


def _health(docker: Docker, name: str = "checked") -> Any:
    return json.loads(docker("inspect", "--format", "{{json .State.Health}}", name))


def _run(docker: Docker, image: str, command: str, *options: str) -> None:
    words = ("run", "-d", "--name", "checked", "--health-cmd", command, *_EAGER, *options, image, "sleep", "600")
    docker(*words)


def _wait_for(docker: Docker, status: str) -> None:
    until(f"it to be {status}", lambda: _health(docker)["Status"] == status)


def _stuck_probes() -> list[psutil.Process]:
    return [each for each in psutil.process_iter() if _cmdline(each) == _STUCK.split()]


def _cmdline(process: psutil.Process) -> list[str]:
    try:
        return list(process.cmdline())
    except psutil.Error:
        return []


def test_health_follows_the_probes(docker: Docker, pulled_busybox: str) -> None:
    since = str(int(time.time()))
    _run(docker, pulled_busybox, "echo looking; test -e /tmp/well")
    assert docker("ps", "--format", "{{.Status}}").endswith("(health: starting)")

    _wait_for(docker, "unhealthy")
    assert docker("ps", "--format", "{{.Status}}").endswith("(unhealthy)")
    assert docker("ps", "--quiet", "--filter", "health=unhealthy")
    docker("exec", "checked", "touch", "/tmp/well")
    _wait_for(docker, "healthy")
    assert docker("ps", "--format", "{{.Status}}").endswith("(healthy)")
    assert not docker("ps", "--quiet", "--filter", "health=unhealthy", "--filter", "health=none")

    health = _health(docker)
    last = health["Log"][-1]
    assert (health["FailingStreak"], last["ExitCode"], last["Output"]) == (0, 0, "looking\n")
    assert last["Start"] < last["End"]
    until("five results", lambda: len(_health(docker)["Log"]) == 5)
    wanted = ("--filter", "event=health_status", "--format", "{{.Action}}")
    told = docker("events", "--since", since, "--until", str(int(time.time()) + 1), *wanted)
    assert told.splitlines() == ["health_status: unhealthy", "health_status: healthy"]
    docker("stop", "--time", "0", "checked")
    assert _health(docker)["Status"] == "unhealthy"


def test_a_stuck_probe_is_killed(docker: Docker, pulled_busybox: str) -> None:
    _run(docker, pulled_busybox, f"echo so far; {_STUCK}; true", "--health-timeout", "200ms")

    _wait_for(docker, "unhealthy")

    last = _health(docker)["Log"][-1]
    assert (last["ExitCode"], last["Output"]) == (-1, "Health check exceeded timeout (200ms): so far\n")
    docker("pause", "checked")
    until("the end of all probes", lambda: not _stuck_probes())
    before = _health(docker)["Log"]
    assert _health(docker)["Log"] == before
    docker("unpause", "checked")
    until("more probes", lambda: _health(docker)["Log"] != before)


def test_long_output_is_cut_and_a_command_that_is_not_there_is_told(docker: Docker, pulled_busybox: str) -> None:
    _run(docker, pulled_busybox, "head -c 9000 /dev/zero | tr '\\0' x")
    _wait_for(docker, "healthy")
    assert _health(docker)["Log"][-1]["Output"] == "x" * 4096 + "...\n"
    docker("rm", "--force", "checked")

    config = {"Test": ["CMD", "nowhere"], "Interval": 10**8, "Retries": 1}
    body = {"Image": pulled_busybox, "Cmd": ["sleep", "600"], "Healthcheck": config}
    _create(docker, body)
    docker("start", "checked")
    _wait_for(docker, "unhealthy")
    last = _health(docker)["Log"][-1]
    assert last["ExitCode"] == -1
    assert 'exec: "nowhere": executable file not found' in last["Output"]


def _create(docker: Docker, body: object) -> None:
    answer = api.request(docker.socket, "POST", "/containers/create?name=checked", body)
    assert answer.status == 201, answer.body


def test_no_healthcheck_is_none(docker: Docker, pulled_busybox: str) -> None:
    docker("run", "-d", "--name", "checked", "--no-healthcheck", pulled_busybox, "sleep", "600")
    assert _health(docker) is None
    assert docker("ps", "--quiet", "--filter", "health=none")


def test_health_outlives_the_engine(engine: EngineProcess, pulled_busybox: str) -> None:
    docker = engine.docker
    _run(docker, pulled_busybox, f"test -e /tmp/stuck && {_STUCK}; true", "--health-timeout", "10m")
    _wait_for(docker, "healthy")
    docker("exec", "checked", "touch", "/tmp/stuck")
    until("a probe that hangs", _stuck_probes)
    (stuck,) = _stuck_probes()

    engine.kill9()
    assert stuck.is_running()
    engine.restart()

    until("the old probe's end", lambda: stuck.pid not in [each.pid for each in _stuck_probes()])
    assert _health(docker)["Status"] == "healthy"
    until("a probe of the new engine", _stuck_probes)
    docker("exec", "checked", "rm", "/tmp/stuck")
