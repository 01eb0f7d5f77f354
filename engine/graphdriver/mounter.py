"""The thread that mounts overlays.

mount(2) takes its options in one page of memory, so long lists of layers must be written as short relative names. A
relative name needs a working directory, which threads share; this one thread has its own.
"""

import asyncio
import mmap
import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Final, TypeVar

from engine.errors import NotSupported
from engine.linux import syscalls

T = TypeVar("T")

#: The kernel reads one page and wants a terminating NUL in it.
OPTIONS_LIMIT: Final = mmap.PAGESIZE - 1
_PLAIN: Final = "redirect_dir=off,index=off,metacopy=off"


class Mounter:
    """Runs work on a thread whose working directory is `directory`, and which nobody else shares."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="overlay", initializer=self._enter)

    async def run(self, work: Callable[[], T]) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._thread, work)

    def close(self) -> None:
        self._thread.shutdown()

    def _enter(self) -> None:
        syscalls.unshare(syscalls.CLONE_FS)
        os.chdir(self._directory)


def mount_overlay(target: Path, lower: list[str], upper: str, work: str, *, volatile: bool) -> None:
    """Mount an overlay at `target`; `lower` is the topmost layer first. Names are relative: call it in a Mounter.

    Features that a distribution's kernel may turn on by default are turned off: with them a layer would mean
    something only together with the layers that it was written over.
    """
    options = f"lowerdir={':'.join(lower)},upperdir={upper},workdir={work},{_PLAIN}"
    _mount(target, f"{options},volatile" if volatile else options, len(lower))


def mount_view(target: Path, lower: list[str]) -> None:
    """The same without anything to write to; `lower` has two names at least."""
    _mount(target, f"lowerdir={':'.join(lower)},{_PLAIN}", len(lower))


def _mount(target: Path, options: str, count: int) -> None:
    if len(options) > OPTIONS_LIMIT:
        raise NotSupported(f"mounting {target}: {count} layers do not fit in the mount options")
    syscalls.mount("overlay", target, "overlay", 0, options)
