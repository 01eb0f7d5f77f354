"""Containers outlive the engine: it is killed, and what they did meanwhile is all there when it is back."""

import json
import re
import subprocess
from pathlib import Path

import psutil
import pytest

from tests.support import hostnet
from tests.support.engine import EngineProcess
from tests.support.terminal import Terminal
from tests.support.waiting import until

pytestmark = pytest.mark.root

# Every line also becomes the content of /shared/at, by which the test knows how far it is while no engine answers.
_COUNTER = "i=0; while :; do i=$((i+1)); echo line $i; echo $i >/shared/at.part; mv /shared/at.part /shared/at; done"


def test_no_line_is_lost_when_the_engine_is_killed(engine: EngineProcess, pulled_busybox: str, tmp_path: Path) -> None:
    docker = engine.docker
    container = docker(
        "run", "-d", "--name", "count", "-v", f"{tmp_path}:/shared", pulled_busybox, "sh", "-c", _COUNTER
    )
    process = psutil.Process(int(docker("inspect", "--format", "{{.State.Pid}}", container)))
    _wait_for_more_lines(tmp_path / "at", 200)

    engine.kill9()
    _wait_for_more_lines(tmp_path / "at", 200)
    engine.restart()

    assert process.is_running()
    assert docker("ps", "--format", "{{.Names}} {{.State}}") == "count running"
    assert int(docker("inspect", "--format", "{{.State.Pid}}", container)) == process.pid
    seen_at_restart = int((tmp_path / "at").read_text())
    _assert_numbered(docker("logs", "count"), at_least=seen_at_restart)

    _wait_for_more_lines(tmp_path / "at", 200)
    attached = _first_lines(engine, "attach", "--no-stdin", "--sig-proxy=false", "count")
    assert int(attached[0].removeprefix("line ")) > seen_at_restart
    _assert_consecutive(attached)

    docker("stop", "--time", "1", "count")
    assert docker("inspect", "--format", "{{.State.Status}} {{.State.ExitCode}}", "count") == "exited 137"
    _assert_numbered(docker("logs", "count"), at_least=int((tmp_path / "at").read_text()))


def _wait_for_more_lines(at: Path, count: int) -> None:
    start = int(at.read_text()) if at.exists() else 0
    until(f"{count} more lines", lambda: at.exists() and int(at.read_text()) >= start + count)


def _first_lines(engine: EngineProcess, *words: str) -> list[str]:
    argv, environment = engine.docker.argv(*words), dict(engine.docker.environment)
    with subprocess.Popen(argv, env=environment, stdout=subprocess.PIPE, text=True) as client:
        assert client.stdout is not None
        lines = [client.stdout.readline().rstrip("\n") for _ in range(100)]
        client.kill()
    return lines


def _assert_numbered(log: str, *, at_least: int) -> None:
    lines = log.splitlines()
    assert lines[0] == "line 1"
    assert len(lines) >= at_least
    _assert_consecutive(lines)


def _assert_consecutive(lines: list[str]) -> None:
    numbers = [int(line.removeprefix("line ")) for line in lines]
    assert numbers == list(range(numbers[0], numbers[0] + len(numbers)))


def test_a_terminal_can_be_attached_again(engine: EngineProcess, pulled_busybox: str) -> None:
    engine.docker("run", "-itd", "--name", "shell", "-e", "PS1=ready> ", pulled_busybox, "sh")

    engine.kill9()
    engine.restart()

    for words in (["attach", "shell"], ["exec", "-it", "-e", "PS1=ready> ", "shell", "sh"]):
        with Terminal(engine.docker.argv(*words), env=engine.docker.environment) as terminal:
            terminal.send("\r")
            terminal.expect("ready> ")
            terminal.send("echo $((6 * 7))\r")
            terminal.expect("\r\n42\r\n")


def test_what_ends_without_an_engine_is_known_afterwards(engine: EngineProcess, pulled_busybox: str) -> None:
    docker = engine.docker
    waits = "trap 'echo going; exit 7' TERM; echo here; while :; do sleep 0.05; done"
    for words in (["--name", "kept"], ["--name", "passing", "--rm"]):
        docker("run", "-d", *words, pulled_busybox, "sh", "-c", waits)
    until("their traps", lambda: [docker("logs", name) for name in ("kept", "passing")] == ["here", "here"])
    pids = docker("inspect", "--format", "{{.State.Pid}}", "kept", "passing").split()
    processes = [psutil.Process(int(pid)) for pid in pids]

    engine.kill9()
    for process in processes:
        process.terminate()
    until("their ends", lambda: not any(process.is_running() for process in processes))
    engine.restart()

    assert docker("wait", "kept") == "7"
    assert docker("logs", "kept") == "here\ngoing"
    until("the removal", lambda: docker("ps", "--all", "--format", "{{.Names}}") == "kept")
    (state,) = json.loads(docker("inspect", "--format", "[{{json .State}}]", "kept"))
    assert (state["Status"], state["ExitCode"], state["Running"], state["Pid"]) == ("exited", 7, False, 0)
    assert re.fullmatch(r"Exited \(7\) .* ago", docker("ps", "--all", "--format", "{{.Status}}"))


def test_a_published_port_answers_all_the_time(engine: EngineProcess, pulled_redis: str) -> None:
    port = hostnet.free_port()
    engine.docker("run", "-d", "--name", "redis-test", "-p", f"{port}:6379", pulled_redis)
    until("redis", lambda: hostnet.redis_cli("127.0.0.1", port, "ping") == "PONG")
    own = hostnet.own_address()

    engine.kill9()
    assert hostnet.redis_cli(own, port, "ping") == "PONG"
    engine.restart()

    assert hostnet.redis_cli("127.0.0.1", port, "ping") == "PONG"
    assert hostnet.redis_cli(own, port, "ping") == "PONG"
    refused = engine.docker.run("run", "-d", "-p", f"{port}:6379", pulled_redis)
    assert "port is already allocated" in refused.stderr
    engine.docker("rm", "--force", "redis-test")
    assert "Connection refused" in hostnet.redis_cli("127.0.0.1", port, "ping")
