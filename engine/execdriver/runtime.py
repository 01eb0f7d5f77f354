"""The OCI runtime's command line (runc, or what speaks like it)."""

import asyncio
import contextlib
import json
import os
import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from engine.errors import EngineError
from engine.execdriver import remains
from engine.execdriver.driver import StartFailed
from engine.linux import waiting

#: A waiting process writes its byte as soon as somebody reads.
_START_PATIENCE_S: Final = 30
#: In a runtime's state folder: a link to its program.
PROGRAM: Final = "program"


class Runtime:
    """One runtime program and its state folder."""

    def __init__(self, program: Path, root: Path) -> None:
        self.program = program
        self.root = root

    @property
    def is_runc(self) -> bool:
        """Is it runc itself, and not something that speaks like it?"""
        return self.program.resolve().name == "runc"

    def prepare(self) -> None:
        """Have a folder for its state, in which a later engine that is not told of the runtime finds its program."""
        if not self.root.is_dir():
            self.root.mkdir(parents=True, exist_ok=True, mode=0o700)
            with contextlib.suppress(FileExistsError):
                (self.root / PROGRAM).symlink_to(self.program)

    def has(self, container_id: str) -> bool:
        return (self.root / container_id).is_dir()

    async def version(self) -> str:
        """The version number, such as `1.1.5`."""
        done = await waiting.run([str(self.program), "--version"])
        first = done.stdout.decode(errors="replace").partition("\n")[0]
        return first.rpartition(" ")[2]

    async def start(self, container_id: str, pid: int) -> None:
        """Let the created container's process go.

        runc's waiting process has opened `exec.fifo` for writing, and `runc start` does no more than to read it;
        read here it costs a system call in place of a process. Any other runtime is asked to start.
        """
        fifo = self._fifo(container_id)
        if fifo is None:
            await self._call("start", container_id)
            return
        # Before the fifo is opened, which alone lets the process go: a short one is gone by the next line.
        process = waiting.open_pidfd(pid)
        if process is None:
            raise StartFailed(f"container {container_id}: the waiting process {pid} is gone", 128)
        try:
            await _let_go(fifo, process, f"container {container_id}: the waiting process {pid}")
        finally:
            os.close(process)
        fifo.unlink(missing_ok=True)

    async def finish_start(self, container_id: str, pid: int) -> None:
        """Let the process go if a former engine did not come to it; that one may have died at any point of `start`.

        The process that waits is still the runtime's own (`runc init`); it becomes the container's when it is let go.
        """
        fifo = self._fifo(container_id)
        if fifo is not None:
            if self._waits(pid):
                await self.start(container_id, pid)
            fifo.unlink(missing_ok=True)
        elif not self._is_runcs(container_id) and await self._status(container_id) == "created":
            await self._call("start", container_id)

    async def pause(self, container_id: str) -> None:
        await self._call("pause", container_id)

    async def resume(self, container_id: str) -> None:
        await self._call("resume", container_id)

    async def update(self, container_id: str, resources: Path) -> None:
        """Set the limits that the file (JSON) has; those that it lacks stay."""
        await self._call("update", "--resources", str(resources), container_id)

    async def pids(self, container_id: str) -> list[int]:
        return [int(pid) for pid in json.loads(await self._call("ps", "--format", "json", container_id)) or []]

    async def delete(self, container_id: str) -> None:
        """Kill what is left, remove its cgroups and the runtime's state. Nothing there is no error (`--force`).

        Where all processes have ended, as at the end of a run, removing is a few system calls; only for the rest the
        runtime is asked; and where it can't read its own state any more, what can be found is taken away without it.
        """
        folder = self.root / container_id
        if not folder.exists() or await asyncio.to_thread(_remove_ended, folder):
            return
        try:
            await self._call("delete", "--force", container_id)
        except EngineError:
            if _is_readable(folder):
                raise
            await asyncio.to_thread(remains.remove, container_id, folder)

    def known(self) -> Sequence[str]:
        return [entry.name for entry in self.root.iterdir() if entry.is_dir()] if self.root.is_dir() else []

    async def _status(self, container_id: str) -> str:
        return str(json.loads(await self._call("state", container_id)).get("status"))

    def _fifo(self, container_id: str) -> Path | None:
        """runc's fifo, while the container waits. (crun has one of this name too, which is read and not written.)"""
        fifo = self.root / container_id / "exec.fifo"
        return fifo if self._is_runcs(container_id) and fifo.exists() else None

    def _is_runcs(self, container_id: str) -> bool:
        return (self.root / container_id / "state.json").exists()

    def _waits(self, pid: int) -> bool:
        """Is the process still the runtime's own (`/usr/sbin/runc init`)?"""
        try:
            program, argument = Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")[:2]
        except (OSError, ValueError):
            return False
        return Path(os.fsdecode(program)).name in {self.program.name, "runc"} and argument == b"init"

    async def _call(self, *arguments: str) -> bytes:
        argv = [str(self.program), "--root", str(self.root), *arguments]
        done = await waiting.run(argv)
        if done.returncode:
            text = done.stderr.decode(errors="replace").strip()
            raise EngineError(f"{self.program.name} {' '.join(arguments)} failed ({done.returncode}): {text}")
        return done.stdout


async def _let_go(fifo: Path, process: int, who: str) -> None:
    """Read the fifo's byte, or find that the waiting process (a pidfd) has died before it wrote it."""
    descriptor = os.open(fifo, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    try:
        async with asyncio.timeout(_START_PATIENCE_S):
            await waiting.any_readable(descriptor, process)
        if not _has_byte(descriptor):
            raise StartFailed(f"{who} died before its start", 128)
    except TimeoutError:
        raise StartFailed(f"{who} did not start within {_START_PATIENCE_S} s", 128) from None
    finally:
        os.close(descriptor)


def _has_byte(descriptor: int) -> bool:
    try:
        return bool(os.read(descriptor, 1))
    except BlockingIOError:
        return False


def _is_readable(folder: Path) -> bool:
    try:
        return isinstance(json.loads((folder / "state.json").read_bytes()), dict)
    except (OSError, ValueError):
        return False


def _remove_ended(folder: Path) -> bool:
    """Remove an ended container's cgroups, then its state; False when that is not the whole story.

    runc notes the cgroups in its state. The kernel removes no cgroup that has a process or a child in it, so one that
    goes proves that nothing of the container is left in there.
    """
    try:
        state = json.loads((folder / "state.json").read_bytes())
        for path in state["cgroup_paths"].values():
            if path and Path(path).exists():
                Path(path).rmdir()
    except (OSError, ValueError, KeyError, AttributeError):
        return False
    if state.get("intel_rdt_path"):
        return False
    shutil.rmtree(folder, ignore_errors=True)
    return not folder.exists()
