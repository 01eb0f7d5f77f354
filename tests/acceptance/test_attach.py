"""Attached clients: those that do not read, several at once, and much output."""

import hashlib
import socket
import subprocess

import pytest

from tests.support.docker_cli import Docker
from tests.support.engine import EngineProcess
from tests.support.terminal import Terminal
from tests.support.waiting import until

pytestmark = pytest.mark.root

MEGABYTES = 50


def attached(engine: EngineProcess, container: str) -> socket.socket:
    """A connection to a container's output, past the answer's head, of which nothing else has been read."""
    connection = socket.socket(socket.AF_UNIX)
    connection.connect(str(engine.socket))
    path = f"/containers/{container}/attach?stream=1&stdout=1&stderr=1"
    connection.sendall(f"POST {path} HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: tcp\r\n\r\n".encode())
    head = b""
    while not head.endswith(b"\r\n\r\n"):
        head += connection.recv(1)
    assert head.startswith(b"HTTP/1.1 101")
    return connection


def test_a_client_that_never_reads_stalls_nobody(engine: EngineProcess, pulled_busybox: str) -> None:
    docker = engine.docker
    # A megabyte a line: a log's entries then are little more than the output.
    script = f"dd if=/dev/zero bs=1M count={MEGABYTES} 2>/dev/null | tr '\\0' x; echo; echo end >&2"
    container = docker("create", "--name", "flood", "--log-opt", "max-size=-1", pulled_busybox, "sh", "-c", script)
    with attached(engine, container) as stuck:
        reader = docker.run("start", "--attach", container, timeout=60)
        assert len(reader.stdout) == (MEGABYTES << 20) + 1
        assert reader.stderr == "end\n"
        assert docker("wait", container) == "0"
        docker("rm", container)
        received = _frames(stuck)
    assert received == {1: (MEGABYTES << 20) + 1, 2: len("end\n")}  # it was only slow after all: nothing is missing


def _frames(connection: socket.socket) -> dict[int, int]:
    """How many bytes came on each stream."""
    sizes: dict[int, int] = {}
    with connection.makefile("rb") as stream:
        while head := stream.read(8):
            length = int.from_bytes(head[4:], "big")
            assert len(stream.read(length)) == length
            sizes[head[0]] = sizes.get(head[0], 0) + length
    return sizes


def test_much_output_comes_without_a_loss(docker: Docker, pulled_busybox: str) -> None:
    megabytes = 300
    script = f"dd if=/dev/zero bs=1M count={megabytes} 2>/dev/null"
    argv = docker.argv("run", "--rm", pulled_busybox, "sh", "-c", script)
    digest, length = hashlib.sha256(), 0
    with subprocess.Popen(argv, env=dict(docker.environment), stdout=subprocess.PIPE) as client:
        assert client.stdout is not None
        while data := client.stdout.read(1 << 20):
            digest.update(data)
            length += len(data)
    assert (client.returncode, length) == (0, megabytes << 20)
    assert digest.hexdigest() == hashlib.sha256(bytes(megabytes << 20)).hexdigest()


def test_several_clients_and_the_end_of_input(docker: Docker, pulled_busybox: str) -> None:
    container = docker("create", "--interactive", pulled_busybox, "sh", "-c", "cat; echo done")
    docker("start", container)
    watcher = subprocess.Popen(
        docker.argv("attach", "--no-stdin", container),
        env=dict(docker.environment),
        stdout=subprocess.PIPE,
        text=True,
    )
    until("the watcher", lambda: '"attach"' in _attaches(docker, container))
    assert docker.run("attach", container, typed="hello\n").stdout == "hello\ndone\n"
    seen, _ = watcher.communicate(timeout=20)
    assert seen == "hello\ndone\n"


def test_the_detach_keys_leave_the_container_running(docker: Docker, pulled_busybox: str) -> None:
    container = docker("run", "-dit", pulled_busybox, "sh")
    argv = docker.argv("attach", "--detach-keys", "ctrl-x,q", container)
    with Terminal(argv, env=dict(docker.environment)) as terminal:
        terminal.send("echo on$((20 + 22))\n")
        terminal.expect("on42")
        terminal.send("\x18q")
        terminal.expect("read escape sequence")
    assert docker("inspect", "--format", "{{.State.Status}}", container) == "running"


def _attaches(docker: Docker, container: str) -> str:
    words = ["--since", "10m", "--until", "0s", "--filter", f"container={container}", "--format", "{{json .Action}}"]
    return docker("events", *words)
