"""Network namespaces: made and entered by threads that end with their task, kept alive by a bind mount.

A thread that changed its namespace is never used again: nothing else must ever run in the wrong one.
"""

import asyncio
import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from typing import TypeVar

from engine.linux import interfaces, mounts, syscalls
from engine.linux.netlink import RouteSocket

T = TypeVar("T")

_OWN = Path("/proc/thread-self/ns/net")


async def on_fresh_thread(work: Callable[[], T]) -> T:
    """Run `work` on a thread of its own, which ends with it (about 0.1 ms). It starts in its maker's namespace.

    The work can't be stopped: when the caller is cancelled, it is waited for, so that whoever undoes it finds it done.
    """
    executor = ThreadPoolExecutor(max_workers=1, thread_name_prefix="netns")
    future = asyncio.wrap_future(executor.submit(work))
    executor.shutdown(wait=False)
    try:
        return await asyncio.shield(future)
    except asyncio.CancelledError:
        await asyncio.gather(future, return_exceptions=True)
        raise


def enter(path: Path) -> None:
    """Move the calling thread, for good, into the network namespace that is mounted at `path`."""
    descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        syscalls.setns(descriptor, syscalls.CLONE_NEWNET)
    finally:
        os.close(descriptor)


class Sandboxes:
    """The network namespaces below one folder, each bind-mounted at a file called by its container's ID."""

    def __init__(self, root: Path) -> None:
        self._root = root

    def path(self, key: str) -> Path:
        return self._root / key

    async def create(self, key: str) -> Path:
        """Make the namespace `key`, with its loopback up. One of that name that is left over is replaced."""
        path = self.path(key)
        await on_fresh_thread(lambda: self._create(path))
        return path

    async def remove(self, key: str) -> None:
        """Undo `create`; idempotent. The kernel takes the namespace apart later, when its last user is gone."""
        await asyncio.get_running_loop().run_in_executor(None, _remove, self.path(key))

    async def sweep(self, *, keep: frozenset[str]) -> None:
        """Remove every namespace but those of `keep`, and make the folder ready."""
        self._prepare_root()
        for path in self._root.iterdir():
            if path.name not in keep:
                await self.remove(path.name)

    def close(self) -> None:
        """Undo what the folder itself needed; it must be empty."""
        mounts.unmount(self._root, lazily=True)
        with suppress(FileNotFoundError):
            self._root.rmdir()

    def _prepare_root(self) -> None:
        """Make the folder a mount of its own, shared: so an unmount here also reaches copies in others' mount
        namespaces, which would keep a dead sandbox alive for as long as they last."""
        self._root.mkdir(mode=0o700, parents=True, exist_ok=True)
        if not any(point.target == self._root for point in mounts.mounted()):
            mounts.bind(self._root, self._root)
            syscalls.mount("", self._root, flags=syscalls.MS_SHARED)

    def _create(self, path: Path) -> None:
        if path.exists():
            _remove(path)
        path.touch(mode=0o600)
        try:
            syscalls.unshare(syscalls.CLONE_NEWNET)
            _silence_ipv6()
            with RouteSocket() as route:
                route.transact(interfaces.set_up(interfaces.LOOPBACK_INDEX))
            mounts.bind(_OWN, path)
        except BaseException:
            _remove(path)
            raise


def _silence_ipv6() -> None:
    """Interfaces to come carry no IPv6 (loopback, which exists, keeps ::1) until a driver gives them some: a container
    must not be reached, or routed, by what it makes up itself (CVE-2020-13401)."""
    with suppress(FileNotFoundError):  # a kernel without IPv6
        Path("/proc/sys/net/ipv6/conf/default/disable_ipv6").write_text("1")


def _remove(path: Path) -> None:
    while mounts.unmount(path, lazily=True):
        pass
    path.unlink(missing_ok=True)
