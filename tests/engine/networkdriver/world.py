"""A small world of network namespaces: a host with an uplink to an outside, and nothing of the machine's own network.

    outside 198.51.100.1 ──────── 198.51.100.2 host (its bridge, its containers)
            2001:db8::1            2001:db8::2

Sockets belong to the namespace in which they are made, so a test can hold both ends of a connection.
"""

import asyncio
import subprocess
import threading
from collections.abc import Awaitable, Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from pathlib import Path
from socket import AF_INET, AF_INET6, SO_REUSEADDR, SOCK_DGRAM, SOL_SOCKET, create_connection, create_server, socket
from typing import TypeVar

import pytest

from engine.config import Config
from engine.events import EventBus
from engine.linux import interfaces, mounts, netns, syscalls
from engine.linux.netlink import RouteSocket
from engine.network.service import Networks
from engine.networkdriver.bridge import BridgeDriver
from engine.networkdriver.driver import NetworkDriver
from engine.networkdriver.stacked import StackedDriver
from engine.store import Database

T = TypeVar("T")

OUTSIDE = "198.51.100.1"
HOST = "198.51.100.2"
OUTSIDE6 = "2001:db8::1"
HOST6 = "2001:db8::2"


class Namespace:
    """One network namespace, alive as long as its path is mounted."""

    def __init__(self, path: Path, undo: ExitStack) -> None:
        self.path = path
        self._undo = undo

    def run(self, work: Callable[[], T]) -> T:
        """Do `work` on a thread that is inside."""

        def inside() -> T:
            netns.enter(self.path)
            return work()

        with ThreadPoolExecutor(max_workers=1) as executor:
            return executor.submit(inside).result()

    def live(self, scenario: Callable[[], Awaitable[T]]) -> T:
        """Run a coroutine in an event loop whose whole thread is inside, as an engine on this host would be."""

        async def main() -> T:
            return await scenario()

        return self.run(lambda: asyncio.run(main()))

    def shell(self, *argv: str, check: bool = True) -> str:
        done = subprocess.run(
            ["nsenter", f"--net={self.path}", *argv], capture_output=True, text=True, check=False, timeout=20
        )
        assert not check or done.returncode == 0, (argv, done.stderr)
        return done.stdout

    def serve(self, port: int, address: str = "0.0.0.0") -> None:
        """Answer each TCP connection to `port` with the address that it came from."""
        server = self.run(lambda: create_server((address, port), family=_family(address)))
        self._undo.callback(server.close)
        self._undo.callback(server.shutdown, 2)
        threading.Thread(target=_greet, args=(server,), daemon=True).start()

    def serve_udp(self, port: int, address: str = "0.0.0.0") -> None:
        """Send every datagram back."""
        server = self.run(lambda: socket(_family(address), SOCK_DGRAM))
        server.bind((address, port))
        server.settimeout(20)
        self._undo.callback(server.close)
        threading.Thread(target=_echo, args=(server,), daemon=True).start()

    def ask(self, address: str, port: int, *, timeout: float = 2) -> str:
        """What a TCP server there says (the address that it sees us at); raises OSError when there is no answer."""

        def talk() -> str:
            with create_connection((address, port), timeout=timeout) as connection:
                return connection.recv(100).decode()

        return self.run(talk)

    def ask_udp(self, address: str, port: int, *, source_port: int = 0, timeout: float = 2) -> bytes:
        def talk() -> bytes:
            with socket(_family(address), SOCK_DGRAM) as client:
                client.settimeout(timeout)
                client.setsockopt(SOL_SOCKET, SO_REUSEADDR, 1)
                client.bind(("", source_port))
                client.sendto(b"hello", (address, port))
                return client.recv(100)

        return self.run(talk)


class World:
    def __init__(self, root: Path, undo: ExitStack) -> None:
        self._root = root
        self._undo = undo
        self.host = self.namespace(root / "host")
        self.outside = self.namespace(root / "outside")
        self._join()

    def namespace(self, path: Path) -> Namespace:
        """A new namespace mounted at `path`, with its loopback up."""

        def make() -> None:
            syscalls.unshare(syscalls.CLONE_NEWNET)
            mounts.bind(Path("/proc/thread-self/ns/net"), path)
            with RouteSocket() as route:
                route.transact(interfaces.set_up(interfaces.LOOPBACK_INDEX))

        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
        with ThreadPoolExecutor(max_workers=1) as executor:
            executor.submit(make).result()
        return Namespace(path, self._undo)

    def inside(self, path: Path) -> Namespace:
        """A container's sandbox, to act in."""
        return Namespace(path, self._undo)

    def config(self, name: str = "first") -> Config:
        """The settings of one engine on this host."""
        return Config(home=self._root / name / "home", run=self._root / name / "run")

    @contextmanager
    def networks(self, config: Config) -> Iterator[Networks]:
        """An engine's networks on the same state."""
        database = Database(config.database)
        stacked = {kind: StackedDriver(kind) for kind in ("macvlan", "ipvlan")}
        drivers: dict[str, NetworkDriver] = {"bridge": BridgeDriver(config), **stacked}
        try:
            yield Networks(config, database, EventBus(), drivers)
        finally:
            database.close()

    def _join(self) -> None:
        self.outside.shell("ip", "link", "add", "wan", "type", "veth", "peer", "name", "uplink")
        # `ip link set netns` takes a name below /run/netns or a process; a descriptor's path serves as well.
        self.outside.shell("ip", "link", "set", "uplink", "netns", str(self.host.path))
        self.outside.shell("ip", "address", "add", f"{OUTSIDE}/24", "dev", "wan")
        self.outside.shell("ip", "link", "set", "wan", "up")
        self.host.shell("ip", "address", "add", f"{HOST}/24", "dev", "uplink")
        self.host.shell("ip", "link", "set", "uplink", "up")
        self.host.shell("ip", "route", "add", "default", "via", OUTSIDE)
        self.outside.shell("ip", "address", "add", f"{OUTSIDE6}/64", "dev", "wan", "nodad")
        self.host.shell("ip", "address", "add", f"{HOST6}/64", "dev", "uplink", "nodad")
        self.host.shell("ip", "route", "add", "default", "via", OUTSIDE6)


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    with ExitStack() as undo:
        undo.callback(_unmount_below, tmp_path)
        yield World(tmp_path, undo)


def _unmount_below(root: Path) -> None:
    """The world's namespaces, and the sandboxes of engines that were killed."""
    for point in mounts.mounted_below(root):
        mounts.unmount(point.target, lazily=True)


def _family(address: str) -> int:
    return AF_INET6 if ":" in address else AF_INET


def _greet(server: socket) -> None:
    while True:
        try:
            connection, peer = server.accept()
        except OSError:
            return  # the test is over
        with connection:
            connection.sendall(peer[0].encode())


def _echo(server: socket) -> None:
    while True:
        try:
            data, peer = server.recvfrom(100)
            server.sendto(data, peer)
        except OSError:
            return  # the test is over, or nobody asked for long
