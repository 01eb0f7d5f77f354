"""Two ends of a unix socket; the other end is a plain one."""

import asyncio
import socket
from collections.abc import AsyncIterator

import pytest

from engine.server import peer


@pytest.fixture
async def ends() -> AsyncIterator[tuple[asyncio.StreamWriter, socket.socket]]:
    ours, theirs = socket.socketpair()
    _, writer = await asyncio.open_unix_connection(sock=ours)
    with theirs:
        yield writer, theirs
    writer.close()


async def turns(count: int = 20) -> None:
    for _ in range(count):
        await asyncio.sleep(0)


async def test_half_close_is_no_hang_up(ends: tuple[asyncio.StreamWriter, socket.socket]):
    writer, theirs = ends
    waiting = asyncio.ensure_future(peer.hung_up(writer.transport))  # noqa: TID251 - the test is its owner
    theirs.shutdown(socket.SHUT_WR)
    await turns()
    assert not waiting.done()
    theirs.close()
    await waiting


async def test_nothing_sent_is_all_read(ends: tuple[asyncio.StreamWriter, socket.socket]):
    await peer.has_read(ends[0].transport)


async def test_has_read_waits_for_the_last_byte(ends: tuple[asyncio.StreamWriter, socket.socket]):
    writer, theirs = ends
    writer.write(b"head")
    waiting = asyncio.ensure_future(peer.has_read(writer.transport))  # noqa: TID251 - the test is its owner
    await turns()
    theirs.recv(2)
    await turns()
    assert not waiting.done()
    theirs.recv(2)
    await waiting


async def test_peer_that_goes_has_nothing_left_to_read(ends: tuple[asyncio.StreamWriter, socket.socket]):
    writer, theirs = ends
    writer.write(b"head")
    theirs.close()
    await peer.has_read(writer.transport)


async def test_closed_transport(ends: tuple[asyncio.StreamWriter, socket.socket]):
    transport = ends[0].transport
    transport.close()
    for ask in (peer.has_read, peer.hung_up):
        with pytest.raises(ConnectionResetError):
            await ask(transport)
