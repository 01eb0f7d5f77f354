"""The whole line by the docker client: pull, run, exec in a terminal, a published port, logs, stop, start, remove."""

import json
import re
import subprocess
from pathlib import Path

import pytest

from tests.support import hostnet, oci
from tests.support.docker_cli import Docker
from tests.support.terminal import Terminal
from tests.support.waiting import until

pytestmark = pytest.mark.root


def test_pull_names_every_layer_and_the_digest(docker: Docker, redis_image: str, redis_layout: Path) -> None:
    if present := docker("images", "--quiet").split():
        docker("rmi", "--force", *sorted(set(present)))

    said = docker("pull", redis_image)

    for layer in oci.Layout(redis_layout).layers:
        assert f"{layer.digest[7:19]}: Pull complete" in said
    assert re.search(r"^Digest: sha256:[0-9a-f]{64}$", said, re.MULTILINE)
    assert f"Status: Downloaded newer image for {redis_image}" in said
    assert f"Status: Image is up to date for {redis_image}" in docker("pull", redis_image)
    assert redis_image in docker("images", "--format", "{{.Repository}}:{{.Tag}}").splitlines()


def test_exec_bash_in_a_terminal(docker: Docker, pulled_redis: str) -> None:
    container = docker("run", "-itd", "--name", "t1", pulled_redis, "bash")
    assert re.fullmatch("[0-9a-f]{64}", container)

    argv = docker.argv("exec", "-it", "-e", "PS1=ready> ", "-e", "TERM=dumb", "t1", "bash", "--norc")
    with Terminal(argv, rows=24, columns=80, env=docker.environment) as terminal:
        terminal.expect("ready> ")
        terminal.send("stty size\r")
        terminal.expect(r"\r\n24 80\r\n")
        terminal.resize(rows=40, columns=132)
        # The client hears of it by a signal and tells the engine; asking again is what a person would do.
        until("the new size", lambda: "40 132" in _asked(terminal, "stty size"))
        terminal.send("sh -c 'echo started; exec sleep 100'\r")
        terminal.expect("\r\nstarted\r\n")
        terminal.send("\x03")
        terminal.expect("ready> ")
        terminal.send("echo 'Grüße, 世界' $((6 * 7)); exit 7\r")
        terminal.expect("\r\nGrüße, 世界 42\r\n")
        assert terminal.wait() == 7

    assert docker("ps", "--format", "{{.Names}}") == "t1", "the container's own bash goes on"


def _asked(terminal: Terminal, command: str) -> str:
    terminal.send(f"{command}\r")
    return terminal.expect(r"(?s)\r\n(.*?)\r\nready> ")[1]


def test_redis_answers_on_a_published_port(docker: Docker, pulled_redis: str) -> None:
    port = hostnet.free_port()
    docker("run", "-d", "--name", "redis-test", "-p", f"{port}:6379", pulled_redis)
    until("redis on loopback", lambda: hostnet.redis_cli("127.0.0.1", port, "ping") == "PONG")

    own = hostnet.own_address()
    assert hostnet.redis_cli(own, port, "set", "word", "kept") == "OK"
    neighbour = docker("run", "--rm", pulled_redis, "redis-cli", "-h", own, "-p", str(port), "get", "word")
    assert neighbour == "kept"
    address = docker("inspect", "--format", "{{.NetworkSettings.IPAddress}}", "redis-test")
    assert docker("run", "--rm", pulled_redis, "redis-cli", "-h", address, "get", "word") == "kept"
    assert docker("port", "redis-test", "6379").splitlines()[0] == f"0.0.0.0:{port}"
    assert f"0.0.0.0:{port}->6379/tcp" in docker("ps", "--format", "{{.Ports}}")

    refused = docker.run("run", "-d", "--name", "second", "-p", f"{port}:6379", pulled_redis)
    assert refused.returncode == 125
    assert "port is already allocated" in refused.stderr

    docker("stop", "redis-test")
    assert "Connection refused" in hostnet.redis_cli("127.0.0.1", port, "ping")
    docker("start", "redis-test")
    until("redis again", lambda: hostnet.redis_cli("127.0.0.1", port, "get", "word") == "kept")


def test_logs_follow_to_the_end(docker: Docker, pulled_redis: str) -> None:
    docker("run", "-d", "--name", "redis-test", pulled_redis)
    argv = docker.argv("logs", "--follow", "redis-test")
    with subprocess.Popen(
        argv, env=dict(docker.environment), stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    ) as following:
        assert following.stdout is not None
        assert any("Ready to accept connections" in line for line in following.stdout)

        assert docker("stop", "redis-test") == "redis-test"

        rest = following.stdout.read()
        assert "Received SIGTERM scheduling shutdown" in rest
        assert following.wait(20) == 0
    (state,) = json.loads(docker("inspect", "--format", "[{{json .State}}]", "redis-test"))
    assert (state["Status"], state["ExitCode"], state["OOMKilled"]) == ("exited", 0, False)
    assert re.fullmatch(r"Exited \(0\) .* ago", docker("ps", "--all", "--format", "{{.Status}}"))

    docker("start", "redis-test")
    until("the second start's log", lambda: docker("logs", "redis-test").count("Ready to accept connections") == 2)


def test_rm_and_rmi_take_everything_away(docker: Docker, pulled_redis: str) -> None:
    container = docker("run", "-d", "--name", "redis-test", pulled_redis)

    refused = docker.run("rm", "redis-test")
    assert refused.returncode == 1
    assert "container is running: stop the container before removing or force remove" in refused.stderr
    in_use = docker.run("rmi", pulled_redis)
    assert in_use.returncode == 1
    assert re.search(
        rf"conflict: unable to remove repository reference .* container {container[:12]} is using", in_use.stderr
    )

    docker("stop", "redis-test")
    assert docker("rm", "redis-test") == "redis-test"
    said = docker("rmi", pulled_redis)
    assert f"Untagged: {pulled_redis}" in said
    assert len(re.findall(r"^Deleted: sha256:[0-9a-f]{64}$", said, re.MULTILINE)) >= 3
    assert docker("ps", "--all", "--quiet") == ""
    assert pulled_redis not in docker("images", "--format", "{{.Repository}}:{{.Tag}}")
    gone = docker.run("inspect", "redis-test")
    assert "No such object: redis-test" in gone.stderr
