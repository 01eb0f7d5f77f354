"""Restart policies, health, updates and counters: the same on each daemon."""

import json
from typing import Any

import pytest

from tests.contract.conftest import Daemon
from tests.support.waiting import until

pytestmark = pytest.mark.root

_LISTS = "io_service_bytes_recursive", "io_serviced_recursive"


def _inspect(daemon: Daemon, name: str = "t1") -> Any:
    (document,) = json.loads(daemon.docker("inspect", name))
    return document


def _run(daemon: Daemon, *words: str) -> None:
    daemon.docker("run", "-d", "--name", "t1", *words)


def _wait_for_health(daemon: Daemon, status: str) -> None:
    until(status, lambda: _inspect(daemon)["State"]["Health"]["Status"] == status)


def test_a_container_waits_for_its_restart(daemon: Daemon) -> None:
    _run(daemon, "--restart", "always", daemon.image, "false")
    until("three restarts", lambda: _inspect(daemon)["RestartCount"] >= 3)
    until("its delay", lambda: _inspect(daemon)["State"]["Restarting"])

    state = _inspect(daemon)["State"]
    assert {name: state[name] for name in ("Status", "Running", "Paused", "Pid", "ExitCode")} == {
        "Status": "restarting", "Running": True, "Paused": False, "Pid": 0, "ExitCode": 1,
    }  # fmt: skip
    assert "is restarting, wait until the container is running" in daemon.docker.run("exec", "t1", "true").stderr
    assert daemon.request("POST", "/containers/t1/start").status == 304
    assert daemon.request("POST", "/containers/t1/pause").status == 409
    daemon.docker("stop", "t1")
    assert _inspect(daemon)["State"]["Status"] == "exited"


def test_restarts_are_counted_and_told(daemon: Daemon) -> None:
    _run(daemon, "--restart", "on-failure:2", daemon.image, "sh", "-c", "echo run; exit 3")
    assert daemon.docker("wait", "t1") == "3"
    assert _inspect(daemon)["RestartCount"] == 2
    assert set(daemon.docker("logs", "t1").split()) == {"run"}
    daemon.docker("start", "t1")
    assert daemon.docker("wait", "t1") == "3"


def test_health(daemon: Daemon) -> None:
    command = "echo looking; test -e /tmp/well"
    often = ("--health-interval", "200ms", "--health-retries", "2")
    _run(daemon, "--health-cmd", command, *often, daemon.image, "sleep", "600")
    assert _inspect(daemon)["State"]["Health"] == {"Status": "starting", "FailingStreak": 0, "Log": []}
    assert _inspect(daemon)["Config"]["Healthcheck"] == {
        "Test": ["CMD-SHELL", command], "Interval": 200_000_000, "Retries": 2,
    }  # fmt: skip

    for status, prepare in (("unhealthy", ()), ("healthy", ("touch", "/tmp/well"))):
        if prepare:
            daemon.docker("exec", "t1", *prepare)
        _wait_for_health(daemon, status)
        assert daemon.docker("ps", "--format", "{{.Status}}").endswith(f" ({status})")
    last = _inspect(daemon)["State"]["Health"]["Log"][-1]
    assert (sorted(last), last["ExitCode"], last["Output"]) == (["End", "ExitCode", "Output", "Start"], 0, "looking\n")
    daemon.docker("pause", "t1")
    assert _inspect(daemon)["State"]["Health"]["Status"] == "unhealthy"
    daemon.docker("unpause", "t1")


@pytest.mark.parametrize(
    ("body", "status", "words"),
    [
        ({"Memory": 1 << 20}, 400, "Minimum memory limit allowed is 6MB"),
        ({"Memory": 1 << 30}, 409, "Memory limit should be smaller than already set memoryswap limit"),
        ({"RestartPolicy": {"Name": "sometimes"}}, 400, "invalid restart policy"),
        ({"NanoCpus": 10**8, "CpuQuota": 5000}, 400, "Conflicting options: Nano CPUs and CPU"),
    ],
)
def test_an_update_that_can_not_be(daemon: Daemon, body: object, status: int, words: str) -> None:
    identifier = daemon.create(Cmd=["true"], HostConfig={"Memory": 64 << 20})
    answer = daemon.request("POST", f"/containers/{identifier}/update", body)
    assert answer.status == status
    assert words in answer.message


def test_an_update_is_kept(daemon: Daemon) -> None:
    _run(daemon, "--memory", "64m", daemon.image, "sleep", "600")
    answer = daemon.request("POST", "/containers/t1/update", {"Memory": 48 << 20, "RestartPolicy": {"Name": "always"}})
    assert (answer.status, answer.json) == (200, {"Warnings": None})
    host = _inspect(daemon)["HostConfig"]
    assert (host["Memory"], host["RestartPolicy"]) == (48 << 20, {"Name": "always", "MaximumRetryCount": 0})


def test_counters_have_one_shape(daemon: Daemon) -> None:
    _run(daemon, "--network", "none", "--memory", "64m", daemon.image, "sleep", "600")
    seen = daemon.request("GET", "/containers/t1/stats?stream=false").json
    assert set(seen) == {
        "name", "id", "read", "preread", "pids_stats", "blkio_stats", "num_procs", "storage_stats", "cpu_stats",
        "precpu_stats", "memory_stats",
    }  # fmt: skip
    assert set(seen["cpu_stats"]) == {"cpu_usage", "system_cpu_usage", "online_cpus", "throttling_data"}
    assert set(seen["cpu_stats"]["throttling_data"]) == {"periods", "throttled_periods", "throttled_time"}
    assert all(isinstance(seen["blkio_stats"][name], list) for name in _LISTS)
    assert seen["memory_stats"]["limit"] == 64 << 20
    assert any(name.endswith("inactive_file") for name in seen["memory_stats"]["stats"])
    daemon.docker("kill", "t1")
    stopped = daemon.request("GET", "/containers/t1/stats?stream=false").json
    assert (stopped["name"], stopped["memory_stats"], stopped["pids_stats"]) == ("/t1", {}, {})
