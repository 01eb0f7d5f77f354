"""Sessions over hijacked connections, byte by byte."""

import asyncio
import socket

import pytest

from engine.container.streams import Chunk, Stream
from engine.errors import NotFound
from engine.server.stdcopy import Decoder, encode
from tests.engine.server.client import request
from tests.engine.server.conftest import Serve
from tests.engine.server.sessions import Attachable, Echo, Silent, Speaker

ATTACH = "/v1.48/containers/c1/attach?stream=1&stdin=1&stdout=1&stderr=1"


async def test_upgrade_is_answered_with_101_and_the_framed_type(serve: Serve):
    api = await serve(containers=Attachable(Speaker([Chunk(Stream.STDERR, b"oh")])))
    async with await api.connect() as wire:
        wire.send(request(ATTACH))
        status, headers = await wire.head()
        assert status == "HTTP/1.1 101 UPGRADED"
        assert (headers["connection"], headers["upgrade"]) == ("Upgrade", "tcp")
        assert headers["content-type"] == "application/vnd.docker.multiplexed-stream"
        assert headers["api-version"] == "1.48"
        assert await wire.rest() == b"\x02\0\0\0\0\0\0\x02oh"


@pytest.mark.parametrize(
    ("path", "tty", "upgrade", "expected"),
    [
        (ATTACH, True, True, "raw"),
        (ATTACH.replace("1.48", "1.41"), False, True, "raw"),
        (ATTACH, False, False, "raw"),
    ],
)
async def test_stream_type(serve: Serve, path: str, tty: bool, upgrade: bool, expected: str):
    api = await serve(containers=Attachable(Speaker([], tty=tty)))
    async with await api.connect() as wire:
        wire.send(request(path, upgrade=upgrade))
        status, headers = await wire.head()
        assert status == ("HTTP/1.1 101 UPGRADED" if upgrade else "HTTP/1.1 200 OK")
        assert headers["content-type"] == f"application/vnd.docker.{expected}-stream"
        assert "upgrade" not in headers or upgrade
        assert await wire.rest() == b""


async def test_client_that_half_closes_still_reads_the_output(serve: Serve):
    session = Echo()
    api = await serve(containers=Attachable(session))
    async with await api.connect() as wire:
        wire.send(request(ATTACH))
        await wire.head()
        wire.send(b"one line\n")
        wire.writer.write_eof()
        assert await wire.rest() == encode(Chunk(Stream.STDOUT, b"one line\n"))
    await session.closed.wait()
    assert not session.detached.is_set()


async def test_bytes_sent_with_the_request_are_input(serve: Serve):
    api = await serve(containers=Attachable(Echo(tty=True)))
    async with await api.connect() as wire:
        wire.send(request(ATTACH) + b"early")
        wire.writer.write_eof()
        await wire.head()
        assert await wire.rest() == b"early"


async def test_bytes_sent_before_the_session_stands_are_input(serve: Serve):
    containers = Attachable(Echo(tty=True))
    containers.gate.clear()
    api = await serve(containers=containers)
    sent = b"0123456789abcdef" * 65536  # more than the engine holds for a session that is not there: the client waits
    async with await api.connect() as wire:
        wire.send(request(ATTACH, upgrade=False))
        while not containers.asked:
            await asyncio.sleep(0)
        wire.send(sent)
        wire.writer.write_eof()
        for _ in range(100):
            await asyncio.sleep(0)
        containers.gate.set()
        await wire.head()
        assert await wire.rest() == sent


async def test_what_follows_a_refused_attach_is_the_next_request(serve: Serve):
    class Nothing:
        async def attach(self, ref: str, _: object) -> None:
            raise NotFound(f"No such container: {ref}")

    api = await serve(containers=Nothing())
    async with await api.connect() as wire:
        wire.send(request(ATTACH) + b"GET /_ping HTTP/1.1\r\nHost: docker\r\n\r\n")
        status, headers = await wire.head()
        assert status == "HTTP/1.1 404 Not Found"
        assert await wire.reader.readexactly(int(headers["content-length"])) == b'{"message":"No such container: c1"}'
        assert (await wire.head())[0] == "HTTP/1.1 200 OK"
        assert await wire.reader.readexactly(2) == b"OK"


async def test_attach_on_a_connection_that_served_other_requests(serve: Serve):
    api = await serve(containers=Attachable(Echo(tty=True)))
    async with await api.connect() as wire:
        for _ in range(3):
            wire.send(b"GET /_ping HTTP/1.1\r\nHost: docker\r\n\r\n")
            await wire.head()
            await wire.reader.readexactly(2)
        wire.send(request(ATTACH) + b"hello")
        await wire.head()
        assert await wire.reader.readexactly(5) == b"hello"


async def test_50_megabytes_through_an_echo(serve: Serve):
    api = await serve(containers=Attachable(Echo()))
    block = bytes(range(256)) * 256  # 64 KiB
    blocks = 800
    async with await api.connect() as wire:
        wire.send(request(ATTACH))
        await wire.head()

        async def write() -> None:
            for _ in range(blocks):
                wire.send(block)
                await wire.writer.drain()
            wire.writer.write_eof()

        async def read() -> int:
            decoder, total = Decoder(), 0
            while data := await wire.reader.read(1 << 20):
                for chunk in decoder.feed(data):
                    phase = total % 256
                    assert chunk.data == (block + block[:256])[phase : phase + len(chunk.data)]
                    total += len(chunk.data)
            assert decoder.pending == 0
            return total

        _, total = await asyncio.gather(write(), read())
    assert total == blocks * len(block)


async def test_slow_reader_holds_the_process_back_and_loses_nothing(serve: Serve):
    given = 0

    class Flood(Speaker):
        async def __aiter__(self):
            nonlocal given
            for number in range(400):
                given += 1
                yield Chunk(Stream.STDOUT, bytes([number % 256]) * 65536)

    api = await serve(containers=Attachable(Flood([], tty=True)))
    async with await api.connect() as wire:
        wire.send(request(ATTACH))
        await wire.head()
        for _ in range(1000):
            await asyncio.sleep(0)
        assert given < 100, "the engine keeps what the client does not read"
        data = await wire.rest()
    assert data == b"".join(bytes([number % 256]) * 65536 for number in range(400))


async def test_client_that_goes_is_noticed(serve: Serve):
    session = Silent()
    api = await serve(containers=Attachable(session))
    async with await api.connect() as wire:
        wire.send(request(ATTACH))
        await wire.head()
    await session.closed.wait()
    assert session.input_ended.is_set()


async def test_client_that_goes_after_its_half_close_is_noticed(serve: Serve):
    session = Silent()
    api = await serve(containers=Attachable(session))
    async with await api.connect() as wire:
        wire.send(request(ATTACH) + b"last words")
        await wire.head()
        wire.writer.write_eof()
        await session.input_ended.wait()
        assert bytes(session.input) == b"last words"
        assert not session.closed.is_set()
    await session.closed.wait()


async def test_client_that_goes_while_the_process_floods_it_is_noticed(serve: Serve):
    class Endless(Speaker):
        async def __aiter__(self):
            while True:
                yield Chunk(Stream.STDOUT, b"y\n" * 4096)

    session = Endless([])
    api = await serve(containers=Attachable(session))
    async with await api.connect() as wire:
        wire.send(request(ATTACH))
        await wire.head()
        await wire.reader.read(100)
    await session.closed.wait()


async def test_end_is_an_end_and_no_reset_though_input_was_left_unread(serve: Serve):
    api = await serve(containers=Attachable(Speaker([Chunk(Stream.STDOUT, b"bye")], tty=True)))
    async with await api.connect() as wire:
        wire.send(request(ATTACH) + b"x" * 100_000)
        await wire.head()
        assert await wire.rest() == b"bye"


async def test_detach_keys_leave_a_terminal(serve: Serve):
    session = Silent(tty=True)
    api = await serve(containers=Attachable(session))
    async with await api.connect() as wire:
        wire.send(request(ATTACH + "&detachKeys=ctrl-a,d"))
        await wire.head()
        wire.send(b"typed\x01")
        wire.send(b"d and more")
        assert await wire.rest() == b""
    assert session.detached.is_set()
    assert not session.closed.is_set()
    assert bytes(session.input) == b"typed"


async def test_detach_keys_mean_nothing_without_a_terminal(serve: Serve):
    api = await serve(containers=Attachable(Echo()))
    async with await api.connect() as wire:
        wire.send(request(ATTACH) + b"\x10\x11")
        wire.writer.write_eof()
        await wire.head()
        assert await wire.rest() == encode(Chunk(Stream.STDOUT, b"\x10\x11"))


async def test_held_detach_key_is_input_when_no_more_comes(serve: Serve):
    api = await serve(containers=Attachable(Echo(tty=True)))
    async with await api.connect() as wire:
        wire.send(request(ATTACH) + b"a\x10")
        wire.writer.write_eof()
        await wire.head()
        assert await wire.rest() == b"a\x10"


async def test_engine_that_goes_down_leaves_the_process_alone(serve: Serve):
    session = Silent(tty=True)
    api = await serve(containers=Attachable(session))
    async with await api.connect() as wire:
        wire.send(request(ATTACH))
        await wire.head()
        await api.listener.close()
        assert await wire.rest() == b""
    assert session.detached.is_set()
    assert not session.closed.is_set()


async def test_output_does_not_come_with_the_head(serve: Serve):
    """A client that reads the head through a buffer and drops the buffer (docker-py) loses nothing."""
    api = await serve(containers=Attachable(Speaker([Chunk(Stream.STDOUT, b"at once")], tty=True)))
    with socket.socket(socket.AF_UNIX) as client:
        client.setblocking(False)
        loop = asyncio.get_running_loop()
        await loop.sock_connect(client, str(api.path))
        await loop.sock_sendall(client, request(ATTACH))
        for _ in range(200):
            await asyncio.sleep(0)
        head = await loop.sock_recv(client, 65536)
        assert head.endswith(b"\r\n\r\n")
        assert await loop.sock_recv(client, 65536) == b"at once"
