"""The name server inside each container's namespace, at 127.0.0.11 as in Docker.

Its sockets are opened in the namespace and answered by the engine. They have ports of the kernel's choice, and a rule
in the namespace leads port 53 of the address to them: the container may have a server of its own on port 53. After a
restart of the engine they are opened anew.
"""

import asyncio
import random
import socket
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any, Final

import structlog

from engine import tasks
from engine.linux import netns, nft
from engine.network import dns
from engine.network.files import NAME_SERVER
from engine.network.names import Names
from engine.network.upstream import Upstream

log = structlog.get_logger(__name__)

_PORT: Final = 53
_TABLE: Final = "portside_names"
#: Questions of one container that are worked on at once; what comes on top is dropped, and asked again.
_AT_ONCE: Final = 256
#: Seconds that a TCP client may be silent.
_IDLE: Final = 10.0


class Resolvers:
    """The name servers of all containers that have one."""

    def __init__(self, names: Names) -> None:
        self._names = names
        self._open: dict[str, _Resolver] = {}

    async def open(self, container_id: str, sandbox: Path, servers: Sequence[str]) -> None:
        """Answer the container in `sandbox`; `servers` are asked for other names. Idempotent."""
        if container_id in self._open:
            return
        resolver = self._open[container_id] = _Resolver(container_id, self._names, Upstream(tuple(servers), sandbox))
        try:
            await resolver.start(sandbox)
        except BaseException:
            await self.close(container_id)
            raise

    async def close(self, container_id: str) -> None:
        """Idempotent."""
        if (resolver := self._open.pop(container_id, None)) is not None:
            await resolver.stop()

    async def shutdown(self) -> None:
        for container_id in tuple(self._open):
            await self.close(container_id)


class _Resolver(asyncio.DatagramProtocol):
    """One container's name server."""

    def __init__(self, container_id: str, names: Names, upstream: Upstream) -> None:
        self._container_id = container_id
        self._names = names
        self._upstream = upstream
        self._tasks: set[asyncio.Task[Any]] = set()
        self._datagrams: asyncio.DatagramTransport | None = None
        self._server: asyncio.Server | None = None

    async def start(self, sandbox: Path) -> None:
        datagrams, stream = await netns.on_fresh_thread(lambda: _listen(sandbox))
        loop = asyncio.get_running_loop()
        self._datagrams, _ = await loop.create_datagram_endpoint(lambda: self, sock=datagrams)
        self._server = await asyncio.start_server(self._converse, sock=stream)

    async def stop(self) -> None:
        if self._datagrams is not None:
            self._datagrams.close()
        if self._server is not None:
            self._server.close()
        await tasks.cancel_all(self._tasks)

    def datagram_received(self, data: bytes, addr: Any) -> None:
        if len(self._tasks) < _AT_ONCE:
            tasks.spawn(self._reply(data, addr), name=f"resolve for {self._container_id}", owner=self._tasks)

    async def _reply(self, data: bytes, addr: Any) -> None:
        answer = await self._answer(data, by_tcp=False)
        if answer and self._datagrams is not None and not self._datagrams.is_closing():
            self._datagrams.sendto(answer, addr)

    def _converse(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if len(self._tasks) >= _AT_ONCE:
            writer.close()
            return
        tasks.spawn(self._serve(reader, writer), name=f"resolve for {self._container_id}", owner=self._tasks)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Questions by TCP, each after its length in two bytes (RFC 1035, 4.2.2)."""
        try:
            while True:
                async with asyncio.timeout(_IDLE):
                    size = int.from_bytes(await reader.readexactly(2), "big")
                    question = await reader.readexactly(size)
                answer = await self._answer(question, by_tcp=True)
                writer.write(len(answer).to_bytes(2, "big") + answer)
                await writer.drain()
        except (asyncio.IncompleteReadError, OSError, TimeoutError):
            return  # the client has gone, or is silent
        finally:
            writer.close()

    async def _answer(self, message: bytes, *, by_tcp: bool) -> bytes:
        try:
            query = dns.read_query(message)
        except dns.Malformed:
            return dns.refusal(message, dns.FORMAT_ERROR)
        own = self._own_answer(query, limit=0xFFFF if by_tcp else dns.UDP_LIMIT)
        if own is not None:
            return own
        leads_outside = self._names.leads_outside(self._container_id)
        return await self._upstream.ask(message, query, by_tcp=by_tcp, leads_outside=leads_outside)

    def _own_answer(self, query: dns.Query, *, limit: int) -> bytes | None:
        """What a container is called, or where; None for what must be asked outside.

        A container's name has addresses and nothing else: other kinds are answered so, and never leave.
        """
        if (address := query.reverse_address) is not None:
            name = self._names.name_of(self._container_id, address)
            return dns.name_answer(query, name) if name else None
        addresses = self._names.addresses(self._container_id, query.name)
        if not addresses:
            return None
        random.shuffle(addresses)  # who shares a name shares its load
        return dns.addresses_answer(query, addresses, limit=limit)


def _listen(sandbox: Path) -> tuple[socket.socket, socket.socket]:
    """Both sockets, and the rule that leads to them. The thread stays in the sandbox: end it."""
    netns.enter(sandbox)
    with ExitStack() as undo:
        kinds = (socket.SOCK_DGRAM, socket.SOCK_STREAM)
        datagrams, stream = (undo.enter_context(socket.socket(socket.AF_INET, kind)) for kind in kinds)
        for each in (datagrams, stream):
            each.setblocking(False)
            each.bind((NAME_SERVER, 0))
        stream.listen()
        nft.commit_here(_rules({"udp": datagrams.getsockname()[1], "tcp": stream.getsockname()[1]}))
        undo.pop_all()
    return datagrams, stream


def _rules(ports: dict[str, int]) -> list[nft.Document]:
    own = {"family": "ip", "name": _TABLE}
    place = {"family": "ip", "table": _TABLE}
    chain = {**place, "name": "output", "type": "nat", "hook": "output", "prio": -100, "policy": "accept"}
    return [
        {"add": {"table": own}},  # so that the delete never fails
        {"delete": {"table": own}},
        {"add": {"table": own}},
        {"add": {"chain": chain}},
        *({"add": {"rule": {**place, "chain": "output", "expr": _lead(*port)}}} for port in ports.items()),
    ]


def _lead(protocol: str, port: int) -> list[nft.Document]:
    def match(layer: str, field: str, value: str | int) -> nft.Document:
        return {"match": {"op": "==", "left": {"payload": {"protocol": layer, "field": field}}, "right": value}}

    target = {"dnat": {"addr": NAME_SERVER, "port": port}}
    return [match("ip", "daddr", NAME_SERVER), match(protocol, "dport", _PORT), target]
