import asyncio
import os
import socket
import stat
from pathlib import Path

import pytest

from engine.config import Config
from engine.server.app import make_app
from engine.server.listener import Listener
from tests.engine.server.conftest import Serve


async def test_socket_is_the_groups_alone(serve: Serve):
    api = await serve()
    status = api.path.stat()
    assert stat.S_ISSOCK(status.st_mode)
    assert stat.S_IMODE(status.st_mode) == 0o660
    assert status.st_gid == 0
    assert [entry.name for entry in api.path.parent.iterdir()] == ["engine.sock"]


async def test_dead_engines_socket_is_replaced(serve: Serve):
    api = await serve()
    await api.listener.close()
    assert not api.path.exists()
    with socket.socket(socket.AF_UNIX) as dead:
        dead.bind(str(api.path))
    await api.listener.start()
    async with await api.connect() as wire:
        wire.send(b"GET /_ping HTTP/1.1\r\nHost: d\r\n\r\n")
        assert (await wire.head())[0] == "HTTP/1.1 200 OK"


async def test_unknown_group_leaves_the_socket_to_root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    config = Config(home=tmp_path, run=tmp_path / "r")
    monkeypatch.chdir(tmp_path)  # the path may be too long for a socket: it is relative here
    listener = Listener(make_app(None), Path("e.sock"), "no-such-group")  # type: ignore[arg-type]
    await listener.start()
    assert Path("e.sock").stat().st_gid == os.getgid()
    await listener.close()
    assert config.socket.exists() is False


async def test_many_clients_at_once(serve: Serve):
    api = await serve()

    async def ping() -> int:
        async with await api.connect() as wire:
            wire.send(b"GET /_ping HTTP/1.1\r\nHost: d\r\nConnection: close\r\n\r\n")
            return len(await wire.rest())

    answers = await asyncio.gather(*(ping() for _ in range(300)))
    assert len(set(answers)) == 1
