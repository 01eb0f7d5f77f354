"""Asking the servers outside for what no container is called."""

import asyncio
import secrets
import socket
from collections.abc import Collection, Sequence
from contextlib import suppress
from dataclasses import dataclass
from ipaddress import IPv4Address, ip_address
from pathlib import Path
from typing import Final

from engine.linux import netns
from engine.network import dns

_PORT: Final = 53
#: Seconds that one server has to answer; a client asks again after five.
_PATIENCE: Final = 2.0
_LARGEST: Final = 65535


@dataclass(frozen=True, slots=True)
class Upstream:
    """The servers of one container, asked one after the other.

    A question leaves by the container's own namespace: it goes where the container's packets may go, and no further. A
    server that only the host reaches (on its loopback, or by IPv6 where the container has none) is asked from the host,
    and only for a container whose networks lead outside: an internal network would leak by it (CVE-2024-29018).
    """

    servers: Sequence[str]
    sandbox: Path

    async def ask(self, message: bytes, query: dns.Query, *, by_tcp: bool, leads_outside: Collection[int]) -> bytes:
        """The first answer, with the query's own identifier; one that says so when no server answers. `leads_outside`
        are the families by which the container has a way out."""
        for server in self.servers:
            is_hosts = _is_hosts(server, leads_outside)
            if is_hosts and not leads_outside:
                continue
            with suppress(OSError, TimeoutError, asyncio.IncompleteReadError):
                async with asyncio.timeout(_PATIENCE):
                    return await self._ask_one(server, message, query, by_tcp=by_tcp, from_host=is_hosts)
        return dns.error_answer(query, dns.SERVER_FAILURE)

    async def _ask_one(self, server: str, message: bytes, query: dns.Query, *, by_tcp: bool, from_host: bool) -> bytes:
        identifier = secrets.randbelow(1 << 16)
        asked = dns.with_identifier(message, identifier)
        kind = socket.SOCK_STREAM if by_tcp else socket.SOCK_DGRAM
        opened = await netns.on_fresh_thread(lambda: self._open(server, kind, from_host=from_host))
        try:
            await asyncio.get_running_loop().sock_connect(opened, (server, _PORT))
            exchange = _by_tcp if by_tcp else _by_udp
            while not dns.answers(answer := await exchange(opened, asked), identifier, query):
                asked = b""  # a stray datagram: wait for the next
            return dns.with_identifier(answer, query.identifier)
        finally:
            opened.close()

    def _open(self, server: str, kind: socket.SocketKind, *, from_host: bool) -> socket.socket:
        if not from_host:
            netns.enter(self.sandbox)
        family = socket.AF_INET if isinstance(ip_address(server), IPv4Address) else socket.AF_INET6
        return socket.socket(family, kind | socket.SOCK_NONBLOCK)


async def _by_udp(opened: socket.socket, asked: bytes) -> bytes:
    loop = asyncio.get_running_loop()
    if asked:
        await loop.sock_sendall(opened, asked)
    return await loop.sock_recv(opened, _LARGEST)


async def _by_tcp(opened: socket.socket, asked: bytes) -> bytes:
    if not asked:
        raise ConnectionError("the server answered another question")
    await asyncio.get_running_loop().sock_sendall(opened, len(asked).to_bytes(2, "big") + asked)
    return await _receive(opened, int.from_bytes(await _receive(opened, 2), "big"))


async def _receive(opened: socket.socket, size: int) -> bytes:
    received = b""
    while len(received) < size:
        part = await asyncio.get_running_loop().sock_recv(opened, size - len(received))
        if not part:
            raise ConnectionError("the server closed the connection")
        received += part
    return received


def _is_hosts(server: str, leads_outside: Collection[int]) -> bool:
    """Is it a server that the container itself can't reach?"""
    address = ip_address(server)
    return address.is_loopback or (address.version == 6 and 6 not in leads_outside) or "%" in server
