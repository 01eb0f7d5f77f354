"""Exec sessions: those that clients come back to, and many at once."""

import contextlib
import http.client
import json
import re
import socket
import struct
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.support.docker_cli import Docker
from tests.support.engine import EngineProcess
from tests.support.waiting import until

pytestmark = pytest.mark.root

_FRAME = struct.Struct(">BxxxIQ")


class Api(http.client.HTTPConnection):
    """The engine's API on its socket."""

    def __init__(self, path: Path) -> None:
        super().__init__("engine", timeout=30)
        self._path = path

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(30)
        self.sock.connect(str(self._path))


def call(engine: EngineProcess, method: str, path: str, body: object = None) -> tuple[int, Any]:
    api = Api(engine.socket)
    api.request(method, path, None if body is None else json.dumps(body), {"Content-Type": "application/json"})
    answer = api.getresponse()
    text = answer.read()
    api.close()
    return answer.status, json.loads(text) if text.startswith(b"{") else text


def attach(engine: EngineProcess, path: str) -> tuple[socket.socket, dict[str, int]]:
    """A connection past the answer's head, and the numbers in that: its headers `Portside-…`, by their last word."""
    connection = socket.socket(socket.AF_UNIX)
    connection.settimeout(30)
    connection.connect(str(engine.socket))
    connection.sendall(f"POST {path} HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: tcp\r\n\r\n".encode())
    head = b""
    while not head.endswith(b"\r\n\r\n"):
        head += connection.recv(1)
    assert head.startswith(b"HTTP/1.1 101"), head
    found = re.findall(r"Portside-(\w+): (\d+)", head.decode())
    return connection, {name: int(value) for name, value in found}


def next_frame(connection: socket.socket) -> tuple[int, int, bytes]:
    """Stream, number and data."""
    header = _exactly(connection, _FRAME.size)
    stream, length, start = _FRAME.unpack(header)
    return stream, start, _exactly(connection, length)


def _exactly(connection: socket.socket, size: int) -> bytes:
    data = b""
    while len(data) < size:
        more = connection.recv(size - len(data))
        if not more:
            raise EOFError(data)
        data += more
    return data


@contextmanager
def hijacked(engine: EngineProcess, path: str, body: object = None) -> Iterator[socket.socket]:
    """A connection past the answer's head."""
    text = json.dumps(body).encode() if body is not None else b""
    head = f"POST {path} HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: tcp\r\n"
    head += f"Content-Type: application/json\r\nContent-Length: {len(text)}\r\n\r\n"
    with socket.socket(socket.AF_UNIX) as connection:
        connection.settimeout(30)
        connection.connect(str(engine.socket))
        connection.sendall(head.encode() + text)
        answer = b""
        while not answer.endswith(b"\r\n\r\n"):
            answer += connection.recv(1)
        assert answer.startswith(b"HTTP/1.1 101"), answer
        yield connection


def read_until(connection: socket.socket, last: bytes) -> bytes:
    data = b""
    while last not in data:
        more = connection.recv(65536)
        assert more, data
        data += more
    return data


def frames_until(connection: socket.socket, last: bytes, position: int) -> bytes:
    """The output from `position` on, in frames that leave nothing out."""
    data, stream = b"", connection.makefile("rb")
    while last not in data:
        number, length, start = _FRAME.unpack(stream.read(_FRAME.size))
        assert (number, start) == (1, position + len(data))
        data += stream.read(length)
    return data


def session_of(engine: EngineProcess, container: str, argv: list[str], **portside: object) -> str:
    request = {
        "Cmd": argv, "Tty": True, "AttachStdin": True, "AttachStdout": True,
        "Portside": {"Reattach": True, **portside},
    }  # fmt: skip
    status, answer = call(engine, "POST", f"/containers/{container}/exec", request)
    assert status == 201, answer
    return str(answer["Id"])


def test_a_shell_is_come_back_to_also_after_a_kill(engine: EngineProcess, pulled_busybox: str, tmp_path: Path) -> None:
    container = engine.docker("run", "-d", "-v", f"{tmp_path}:/shared", pulled_busybox, "sleep", "600")
    session = session_of(engine, container, ["sh"])
    with hijacked(engine, f"/exec/{session}/start", {"Tty": True}) as first:
        first.sendall(b"PS1=; stty -echo; echo be''gun\n")
        output = read_until(first, b"begun\r\n")
        first.sendall(
            b"(while [ ! -e /shared/go ]; do usleep 10000; done; seq 1 2000; touch /shared/done; echo al''l)\n"
        )
    until("the client to be missed", lambda: _portside(engine, session)["Clients"] == 0)
    engine.kill9()
    (tmp_path / "go").touch()
    until("output without an engine", (tmp_path / "done").exists)
    engine.restart()
    with hijacked(engine, f"/exec/{session}/attach?from={len(output)}") as second:
        assert _portside(engine, session) == {"Reattach": True, "GraceSeconds": 300, "Clients": 1}
        missed = frames_until(second, b"all\r\n", len(output))
        assert b"".join(b"%d\r\n" % number for number in range(1, 2001)) in missed
        second.sendall(b"echo it li''ves; exit 7\n")
        output += missed + frames_until(second, b"it lives\r\n", len(output + missed))
    until("its end", lambda: not call(engine, "GET", f"/exec/{session}/json")[1]["Running"])
    assert call(engine, "GET", f"/exec/{session}/json")[1]["ExitCode"] == 7
    with hijacked(engine, f"/exec/{session}/attach?from=0") as third:
        assert frames_until(third, b"it lives\r\n", 0) == output
    status, answer = call(engine, "POST", f"/exec/{session}/attach?from=99999999")
    assert (status, "not there yet" in answer["message"]) == (400, True)


def test_a_shell_that_nobody_comes_back_to_ends(engine: EngineProcess, pulled_busybox: str) -> None:
    container = engine.docker("run", "-d", pulled_busybox, "sleep", "600")
    session = session_of(engine, container, ["sh"], GraceSeconds=1)
    with hijacked(engine, f"/exec/{session}/start", {"Tty": True}) as client:
        client.sendall(b"echo up\n")
        read_until(client, b"up\r\n")
    assert call(engine, "GET", f"/exec/{session}/json")[1]["Running"]
    until("its end", lambda: not call(engine, "GET", f"/exec/{session}/json")[1]["Running"])


def test_input_is_counted_and_not_taken_twice(engine: EngineProcess, pulled_busybox: str) -> None:
    container = engine.docker("run", "-d", pulled_busybox, "sleep", "600")
    session = session_of(engine, container, ["sh", "-c", "stty raw -echo; echo ready; exec cat"])
    assert call(engine, "POST", f"/exec/{session}/start", {"Detach": True, "Tty": True})[0] == 200
    first, numbers = attach(engine, f"/exec/{session}/attach?source=ada")
    assert numbers["Typed"] == 0
    output = frames_of_output(first, b"ready\n")
    first.sendall(b"one")
    seen = [next_frame(first) for _ in range(2)]
    assert (0, 3, b"") in seen
    engine.kill9()
    engine.restart()
    # Two connections of one source: one was thought to be lost, and the other sends the same again.
    second, numbers = attach(engine, f"/exec/{session}/attach?source=ada&from={len(output)}")
    third, _ = attach(engine, f"/exec/{session}/attach?source=ada&tail=3")
    assert (numbers["Typed"], numbers["Position"]) == (3, len(output))
    second.sendall(b"two")
    assert frames_of_output(second, b"two") == b"onetwo"
    third.sendall(b"two, three")
    assert frames_of_output(third, b"three") == b"onetwo, three"
    for connection in (first, second, third):
        connection.close()


def frames_of_output(connection: socket.socket, last: bytes) -> bytes:
    data = b""
    while not data.endswith(last):
        stream, _, more = next_frame(connection)
        data += more if stream else b""
    return data


def test_a_process_waits_for_the_one_client_that_reads(engine: EngineProcess, pulled_busybox: str) -> None:
    container = engine.docker("run", "-d", pulled_busybox, "sleep", "600")
    session = session_of(engine, container, ["sh", "-c", "trap 'touch /tmp/stopped' INT; yes 0123456789abcdef"])
    assert call(engine, "POST", f"/exec/{session}/start", {"Detach": True, "Tty": True})[0] == 200
    client, numbers = attach(engine, f"/exec/{session}/attach?source=ada&tail=0")
    until("the process to wait", lambda: _stands_still(engine, session))
    # What is in the sockets' and the writers' buffers between here and the process.
    assert _end(engine, session) - numbers["Position"] < 2 << 20
    client.sendall(b"\x03")
    until(
        "the key to arrive", lambda: engine.docker.run("exec", container, "test", "-e", "/tmp/stopped").returncode == 0
    )
    position = numbers["Position"]
    with contextlib.suppress(EOFError):
        while True:
            stream, start, data = next_frame(client)
            assert not stream or start == position
            position += len(data)
    assert position - numbers["Position"] < 2 << 20
    client.close()


def _stands_still(engine: EngineProcess, session: str) -> bool:
    before = _end(engine, session)
    time.sleep(0.3)
    return before > 0 and _end(engine, session) == before


def _end(engine: EngineProcess, session: str) -> int:
    # A look by a client of one's own would let the process go on: the log is asked.
    (log,) = engine.config.home.glob(f"containers/*/exec/{session}/output.log")
    return log.stat().st_size // 3  # 64 bytes a line of 18


def test_plain_sessions_are_not_attached_again(engine: EngineProcess, pulled_busybox: str) -> None:
    container = engine.docker("run", "-d", pulled_busybox, "sleep", "600")
    _, made = call(engine, "POST", f"/containers/{container}/exec", {"Cmd": ["true"]})
    status, answer = call(engine, "POST", f"/exec/{made['Id']}/attach")
    assert (status, answer["message"]) == (409, f"exec {made['Id']} was not created to be attached again")
    assert "Portside" not in call(engine, "GET", f"/exec/{made['Id']}/json")[1]
    refused = {"Cmd": ["cat"], "AttachStdin": True, "Portside": {"Reattach": True}}
    assert call(engine, "POST", f"/containers/{container}/exec", refused)[0] == 400
    refused = {"Cmd": ["cat"], "Portside": {"Reattach": True, "Forever": True}}
    assert call(engine, "POST", f"/containers/{container}/exec", refused)[0] == 501


def test_many_sessions_at_once(docker: Docker, pulled_busybox: str) -> None:
    container = docker("run", "-d", pulled_busybox, "sleep", "600")
    clients = [
        subprocess.Popen(
            docker.argv("exec", container, "sh", "-c", f"echo out {number}; exit {number}"),
            env=dict(docker.environment),
            stdout=subprocess.PIPE,
            text=True,
        )
        for number in range(30)
    ]
    outcomes = [(client.communicate(timeout=60)[0], client.returncode) for client in clients]
    assert outcomes == [(f"out {number}\n", number) for number in range(30)]


def _portside(engine: EngineProcess, session: str) -> Any:
    return call(engine, "GET", f"/exec/{session}/json")[1]["Portside"]
