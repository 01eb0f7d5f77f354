"""Restart policies as the docker client sees them, with the engine there and without it."""

import json
from typing import Any

import psutil
import pytest

from tests.support import api, reboot
from tests.support.docker_cli import Docker
from tests.support.engine import EngineProcess
from tests.support.waiting import until

pytestmark = pytest.mark.root


def _inspect(docker: Docker, name: str) -> Any:
    (document,) = json.loads(docker("inspect", name))
    return document


def _status(docker: Docker, name: str) -> str:
    return str(_inspect(docker, name)["State"]["Status"])


def _wait_for_restarts(docker: Docker, name: str, count: int) -> None:
    until(f"{count} restarts", lambda: _inspect(docker, name)["RestartCount"] >= count)


def _wait_until_running(docker: Docker, name: str) -> None:
    until(f"{name} to run", lambda: _status(docker, name) == "running")


def test_on_failure_gives_up_after_its_count(docker: Docker, pulled_busybox: str) -> None:
    docker("run", "-d", "--name", "fails", "--restart", "on-failure:3", pulled_busybox, "sh", "-c", "echo run; exit 7")

    assert docker("wait", "fails") == "7"

    state = _inspect(docker, "fails")
    assert (state["RestartCount"], state["State"]["Status"], state["State"]["Running"]) == (3, "exited", False)
    assert docker("logs", "fails").split() == ["run"] * 4


def test_on_failure_leaves_success_alone(docker: Docker, pulled_busybox: str) -> None:
    docker("run", "-d", "--name", "fine", "--restart", "on-failure", pulled_busybox, "true")
    assert docker("wait", "fine") == "0"
    assert _inspect(docker, "fine")["RestartCount"] == 0


@pytest.mark.parametrize("ending", [["stop"], ["kill"], ["rm", "--force"]])
def test_the_user_ends_the_restarts(docker: Docker, pulled_busybox: str, ending: list[str]) -> None:
    docker("run", "-d", "--name", "again", "--restart", "always", pulled_busybox, "false")
    _wait_for_restarts(docker, "again", 3)
    until("its delay", lambda: _status(docker, "again") == "restarting")
    assert docker("ps", "--format", "{{.State}}") == "restarting"
    assert docker("ps", "--format", "{{.Status}}").startswith("Restarting (1) ")

    docker(*ending, "again")

    if ending[0] != "rm":
        assert _status(docker, "again") == "exited"
        docker("rm", "again")
    assert docker("ps", "--all", "--quiet") == ""


def test_a_container_in_its_delay_has_nothing_to_talk_to(docker: Docker, pulled_busybox: str) -> None:
    docker("run", "-d", "--name", "again", "--restart", "always", pulled_busybox, "false")
    _wait_for_restarts(docker, "again", 4)
    until("its delay", lambda: _status(docker, "again") == "restarting")
    for words in (["exec", "again", "true"], ["pause", "again"], ["top", "again"], ["attach", "again"]):
        refused = docker.run(*words)
        assert refused.returncode != 0
        assert "restarting" in refused.stderr
    refused = docker.run("rm", "again")
    assert "container is restarting: stop the container before removing or force remove" in refused.stderr
    identifier = docker("ps", "--quiet", "--no-trunc")
    assert api.request(docker.socket, "POST", f"/containers/{identifier}/start").status == 304


def test_a_killed_process_comes_back(docker: Docker, pulled_busybox: str) -> None:
    docker("run", "-d", "--name", "lives", "--restart", "unless-stopped", pulled_busybox, "sleep", "600")
    psutil.Process(_inspect(docker, "lives")["State"]["Pid"]).kill()
    _wait_for_restarts(docker, "lives", 1)
    _wait_until_running(docker, "lives")
    docker("stop", "--time", "0", "lives")
    assert _status(docker, "lives") == "exited"
    docker("start", "lives")
    assert _inspect(docker, "lives")["RestartCount"] == 0


def test_rm_and_restart_are_a_conflict(docker: Docker, pulled_busybox: str) -> None:
    refused = docker.run("run", "--rm", "--restart", "always", pulled_busybox, "true")
    assert refused.returncode == 125
    assert "onflicting options" in refused.stderr
    body = {"Image": pulled_busybox, "HostConfig": {"AutoRemove": True, "RestartPolicy": {"Name": "always"}}}
    answer = api.request(docker.socket, "POST", "/containers/create", body)
    assert (answer.status, answer.message) == (400, "can't create 'AutoRemove' container with restart policy")


def test_restart_keeps_a_container_that_goes_with_its_end(docker: Docker, pulled_busybox: str) -> None:
    docker("run", "-d", "--rm", "--name", "kept", pulled_busybox, "sleep", "600")
    docker("restart", "--time", "0", "kept")
    assert _status(docker, "kept") == "running"
    docker("stop", "--time", "0", "kept")
    until("its removal", lambda: docker("ps", "--all", "--quiet") == "")


def test_policies_outlive_the_engine(engine: EngineProcess, pulled_busybox: str) -> None:
    docker = engine.docker
    policies = {"always": "always", "stopped-always": "always", "unless": "unless-stopped",
                "stopped-unless": "unless-stopped", "none": "no"}  # fmt: skip
    for name, policy in policies.items():
        docker("run", "-d", "--name", name, "--restart", policy, pulled_busybox, "sleep", "600")
    docker("run", "-d", "--name", "crashing", "--restart", "on-failure", pulled_busybox, "false")
    docker("create", "--name", "never", "--restart", "always", pulled_busybox, "sleep", "600")
    docker("stop", "--time", "0", "stopped-always", "stopped-unless")
    _wait_for_restarts(docker, "crashing", 3)
    processes = [psutil.Process(_inspect(docker, name)["State"]["Pid"]) for name in ("always", "unless", "none")]

    engine.kill9()
    for process in processes:
        process.kill()
    until("their ends", lambda: not any(process.is_running() for process in processes))
    engine.restart()

    for name in ("always", "stopped-always", "unless"):
        _wait_until_running(docker, name)
    _wait_for_restarts(docker, "crashing", 4)
    assert [_status(docker, name) for name in ("stopped-unless", "none", "never")] == ["exited", "exited", "created"]
    assert _inspect(docker, "none")["State"]["ExitCode"] == 137


def test_a_reboot_brings_back_what_is_to_run(engine: EngineProcess, pulled_busybox: str) -> None:
    """Simulated: no process, no mount, no control group and nothing of /run is left."""
    docker = engine.docker
    docker("run", "-d", "--name", "served", "--restart", "always", pulled_busybox, "sleep", "600")
    docker("run", "-d", "--name", "once", pulled_busybox, "sleep", "600")
    docker("run", "-d", "--name", "retried", "--restart", "on-failure", pulled_busybox, "sleep", "600")
    before = _inspect(docker, "served")["State"]["Pid"]

    reboot.pull_the_plug(engine)
    engine.restart()

    for name in ("served", "retried"):
        _wait_until_running(docker, name)
    assert _inspect(docker, "served")["State"]["Pid"] != before
    assert docker("exec", "served", "echo", "well") == "well"
    once = _inspect(docker, "once")["State"]
    assert (once["Status"], once["ExitCode"], once["Pid"]) == ("exited", 255, 0)
