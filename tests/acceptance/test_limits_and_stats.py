"""`docker update` and `docker stats`, and what the kernel says to them."""

import json
from typing import Any

import pytest

from tests.support import api
from tests.support.docker_cli import Docker
from tests.support.engine import EngineProcess
from tests.support.waiting import until

pytestmark = pytest.mark.root


def _host_config(docker: Docker, name: str) -> Any:
    return json.loads(docker("inspect", "--format", "{{json .HostConfig}}", name))


def _stats(docker: Docker, name: str, query: str) -> Any:
    answer = api.request(docker.socket, "GET", f"/containers/{name}/stats?{query}")
    assert answer.status == 200, answer.body
    return answer.json


def test_limits_of_a_running_container_change_at_once(engine: EngineProcess, pulled_busybox: str) -> None:
    docker = engine.docker
    docker("run", "-d", "--name", "held", "--memory", "64m", "--pids-limit", "50", pulled_busybox, "sleep", "600")

    docker("update", "--memory", "48m", "--pids-limit", "20", "--restart", "unless-stopped", "held")

    seen = _stats(docker, "held", "stream=0&one-shot=1")
    assert (seen["memory_stats"]["limit"], seen["pids_stats"]["limit"]) == (48 << 20, 20)
    engine.kill9()
    engine.restart()
    host = _host_config(docker, "held")
    assert (host["Memory"], host["MemorySwap"], host["PidsLimit"]) == (48 << 20, 128 << 20, 20)
    assert host["RestartPolicy"]["Name"] == "unless-stopped"
    refused = docker.run("update", "--memory", "256m", "held")
    assert "Memory limit should be smaller than already set memoryswap limit" in refused.stderr


def test_limits_of_a_stopped_container_hold_at_its_start(docker: Docker, pulled_busybox: str) -> None:
    docker("create", "--name", "held", "--memory", "64m", pulled_busybox, "sleep", "600")
    docker("update", "--memory", "32m", "--memory-swap", "32m", "held")
    docker("start", "held")
    assert _stats(docker, "held", "stream=0&one-shot=1")["memory_stats"]["limit"] == 32 << 20


def test_a_new_policy_counts_at_the_next_end(docker: Docker, pulled_busybox: str) -> None:
    docker("run", "-d", "--name", "ends", "--restart", "always", pulled_busybox, "false")
    docker("update", "--restart", "no", "ends")
    until("its last end", lambda: docker("inspect", "--format", "{{.State.Status}}", "ends") == "exited")


def test_stats_are_the_kernels(docker: Docker, pulled_busybox: str) -> None:
    busy = "i=0; while [ $i -lt 300000 ]; do i=$((i+1)); done; sleep 600"
    docker("run", "-d", "--name", "busy", pulled_busybox, "sh", "-c", busy)

    seen = _stats(docker, "busy", "stream=false")

    assert (seen["name"], seen["id"]) == ("/busy", docker("ps", "--quiet", "--no-trunc"))
    now, before = seen["cpu_stats"], seen["precpu_stats"]
    assert now["cpu_usage"]["total_usage"] >= before["cpu_usage"]["total_usage"] > 0
    assert now["system_cpu_usage"] > before["system_cpu_usage"]
    assert seen["read"] > seen["preread"]
    memory = seen["memory_stats"]
    assert 0 < memory["usage"] < memory["limit"]
    assert any(name.endswith("inactive_file") for name in memory["stats"])
    assert seen["pids_stats"]["current"] in {1, 2}
    assert set(seen["networks"]) == {"eth0"}
    row = docker("stats", "--no-stream", "--format", "{{.Name}} {{.PIDs}} {{.MemUsage}}", "busy")
    assert row.startswith("busy ")
    assert "B / " in row


def test_what_does_not_run_has_no_stats(docker: Docker, pulled_busybox: str) -> None:
    docker("create", "--name", "idle", pulled_busybox, "true")
    seen = _stats(docker, "idle", "stream=false")
    assert (seen["name"], seen["memory_stats"], seen["read"]) == ("/idle", {}, "0001-01-01T00:00:00Z")
    answer = api.request(docker.socket, "GET", "/containers/idle/stats?stream=1&one-shot=1")
    assert (answer.status, answer.message) == (400, "cannot have stream=true and one-shot=true")
    assert api.request(docker.socket, "GET", "/containers/nobody/stats").status == 404


def test_too_much_memory_is_told(docker: Docker, pulled_busybox: str) -> None:
    hungry = "head -c 100000000 /dev/zero | tail > /dev/null"  # tail keeps a line whole, and there is but one
    docker("create", "--name", "hungry", "--memory", "16m", "--memory-swap", "16m", pulled_busybox, "sh", "-c", hungry)
    docker("start", "hungry")
    assert docker("wait", "hungry") == "137"
    state = json.loads(docker("inspect", "--format", "{{json .State}}", "hungry"))
    assert state["OOMKilled"] is True
    docker("run", "--name", "modest", "--memory", "16m", pulled_busybox, "true")
    assert docker("inspect", "--format", "{{.State.OOMKilled}}", "modest") == "false"
