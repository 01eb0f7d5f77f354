from types import SimpleNamespace
from typing import Any

import pytest

from engine.container.exec_session import ExecRequest
from engine.container.streams import Chunk, Stream
from engine.errors import NotFound
from engine.server.stdcopy import encode
from tests.engine.server.client import request
from tests.engine.server.conftest import Serve
from tests.engine.server.sessions import Echo, Silent, Speaker


class Execs:
    """One exec, `e1`, with a session to give."""

    def __init__(self, session: Echo | None = None, *, detach_keys: str = "") -> None:
        self.session = session
        self.detach_keys = detach_keys
        self.calls: list[Any] = []

    async def create(self, ref: str, wanted: ExecRequest) -> str:
        self.calls.append((ref, wanted))
        return "e1"

    def find(self, exec_id: str) -> Any:
        if exec_id != "e1":
            raise NotFound(f"No such exec instance: {exec_id}")
        return SimpleNamespace(request=SimpleNamespace(detach_keys=self.detach_keys))

    async def start(self, exec_id: str, **options: Any) -> Echo | None:
        self.calls.append((exec_id, options))
        return None if options["detach"] else self.session

    async def resize(self, exec_id: str, **size: int) -> None:
        self.calls.append((exec_id, size))

    def inspect(self, exec_id: str) -> dict[str, str]:
        return {"ID": exec_id}


async def test_create(serve: Serve):
    execs = Execs()
    api = await serve(execs=execs)
    body = {
        "AttachStdin": True,
        "AttachStdout": True,
        "AttachStderr": True,
        "Cmd": ["sh", "-c", "true"],
        "ConsoleSize": [24, 80],
        "Detach": False,
        "DetachKeys": "ctrl-a",
        "Env": ["A=b"],
        "Privileged": True,
        "Tty": True,
        "User": "1:2",
        "WorkingDir": "/tmp",
    }
    assert await api.post("/v1.48/containers/c1/exec", body) == (201, {"Id": "e1"})
    wanted = ExecRequest(
        argv=("sh", "-c", "true"),
        tty=True,
        attach_stdin=True,
        attach_stdout=True,
        attach_stderr=True,
        env=("A=b",),
        user="1:2",
        working_dir="/tmp",
        privileged=True,
        detach_keys="ctrl-a",
        console_size=(24, 80),
    )
    assert execs.calls == [("c1", wanted)]


@pytest.mark.parametrize(
    ("path", "body", "status", "part"),
    [
        ("/containers/c1/exec", None, 400, "got EOF while reading request body"),
        ("/containers/c1/exec", {"Cmd": "sh"}, 400, "ExecConfig"),
        ("/containers/c1/exec", {"Cmd": ["sh"], "DetachKeys": "foo"}, 400, "Invalid detach keys (foo) provided"),
        ("/containers/c1/exec", {"Cmd": ["sh"], "ConsoleSize": [1]}, 400, "invalid ConsoleSize [1]"),
        ("/containers/c1/exec", {"Cmd": ["sh"], "Nonsense": 1}, 501, "ExecConfig.Nonsense"),
        ("/exec/e1/start", None, 400, "got EOF while reading request body"),
        ("/exec/e2/start", {}, 404, "No such exec instance: e2"),
        ("/exec/e1/resize?h=1", None, 400, 'invalid resize width ""'),
    ],
)
async def test_refusals(serve: Serve, path: str, body: Any, status: int, part: str):
    execs = Execs()
    api = await serve(execs=execs)
    answered, answer = await api.post(path, body)
    assert (answered, part in answer["message"]) == (status, True)
    assert execs.calls == []


async def test_detached_start_has_no_session(serve: Serve):
    execs = Execs()
    api = await serve(execs=execs)
    assert await api.post("/exec/e1/start", {"Detach": True}) == (200, None)
    assert execs.calls == [("e1", {"detach": True, "tty": False, "console_size": None})]


async def test_session(serve: Serve):
    api = await serve(execs=Execs(Speaker([Chunk(Stream.STDOUT, b"out"), Chunk(Stream.STDERR, b"err")])))
    async with await api.connect() as wire:
        wire.send(request("/v1.48/exec/e1/start", b'{"Detach":false,"Tty":false}'))
        status, headers = await wire.head()
        assert status == "HTTP/1.1 101 UPGRADED"
        assert headers["content-type"] == "application/vnd.docker.multiplexed-stream"
        assert await wire.rest() == encode(Chunk(Stream.STDOUT, b"out")) + encode(Chunk(Stream.STDERR, b"err"))


async def test_body_and_input_in_one_piece(serve: Serve):
    api = await serve(execs=Execs(Echo(tty=True)))
    async with await api.connect() as wire:
        wire.send(request("/exec/e1/start", b'{"Tty":true}') + b'{"input":1}')
        await wire.head()
        wire.writer.write_eof()
        assert await wire.rest() == b'{"input":1}'


async def test_body_that_comes_slowly_is_still_the_body(serve: Serve):
    api = await serve(execs=Execs(Echo(tty=True)))
    whole = request("/exec/e1/start", b'{"Tty":true}')
    async with await api.connect() as wire:
        wire.send(whole[:-7])
        async with api.http.get("/_ping"):  # the engine has turned by now
            pass
        wire.send(whole[-7:] + b"input")
        await wire.head()
        assert await wire.reader.readexactly(5) == b"input"


async def test_execs_own_detach_keys(serve: Serve):
    session = Silent(tty=True)
    api = await serve(execs=Execs(session, detach_keys="x,y"))
    async with await api.connect() as wire:
        wire.send(request("/exec/e1/start", b'{"Tty":true,"ConsoleSize":[24,80]}'))
        await wire.head()
        wire.send(b"\x10\x11xy")
        assert await wire.rest() == b""
    assert session.detached.is_set()
    assert bytes(session.input) == b"\x10\x11"


async def test_resize_and_inspect(serve: Serve):
    execs = Execs()
    api = await serve(execs=execs)
    assert await api.post("/exec/e1/resize?h=24&w=80") == (200, None)
    assert execs.calls == [("e1", {"height": 24, "width": 80})]
    assert await api.get("/exec/e1/json") == (200, {"ID": "e1"})
