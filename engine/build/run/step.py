"""Running one command over some layers."""

import asyncio
import codecs
import contextlib
import os
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Final, Protocol

import msgspec

from engine import tasks
from engine.build.run.mounts import Mounted
from engine.build.run.network import Place, Places
from engine.build.run.scaffold import scaffolding
from engine.build.state import Layer, State
from engine.config import Config
from engine.container import spec, user
from engine.container.config import ContainerConfig, HostConfig
from engine.container.creation import with_defaults
from engine.container.files import Files
from engine.container.lifecycle import cgroup_path
from engine.container.record import MountedVolume, Record
from engine.errors import EngineError
from engine.graphdriver.driver import GraphDriver, Workspace
from engine.linux import waiting

#: Told of the output as it comes: text, and whether it is of standard error.
Output = Callable[[str, bool], Awaitable[None]]
#: What the runtime itself says on standard error when a container can't be started, which the error says too.
_OWN_WORDS: Final = b"runc run failed: "
#: Below these the runtime's own mounts lie, in which it makes what is missing.
_OWN_MOUNTS: Final = frozenset({"dev", "proc", "sys"})


class StepFailed(EngineError):
    """A command ended with another code than 0.

    `kept` is the state before it and what it had written until then, `image` the ID of an image of both.
    """

    kept: tuple[State, Layer | None] | None = None
    image: str = ""

    def __init__(self, argv: Sequence[str], code: int) -> None:
        super().__init__(f"The command '{' '.join(argv)}' returned a non-zero code: {code}")
        self.code = code


class Foreground(Protocol):
    """What this needs of the execution driver; see `engine.execdriver.foreground`."""

    async def run(self, container_id: str, bundle: Path, *, stdout: int, stderr: int) -> int: ...


@dataclass(frozen=True, kw_only=True)
class Command:
    """What is run: by whom, where, with which environment; `identifier` is its container's."""

    identifier: str
    argv: tuple[str, ...]
    env: tuple[str, ...] = ()
    user: str = ""
    workdir: str = ""


@dataclass(frozen=True, kw_only=True)
class Runner:
    """Runs the commands of one build; `limits` holds for each."""

    config: Config
    graph: GraphDriver
    execution: Foreground
    files: Files
    places: Places
    limits: HostConfig

    @asynccontextmanager
    async def run(
        self, layers: Sequence[str], command: Command, place: Place, mounted: Mounted, output: Output
    ) -> AsyncIterator[tuple[Workspace, int]]:
        """Run the command to its end; the workspace in which it has, and its exit code.

        Cancelled, all of it is gone when this returns. Raises StartFailed, InvalidParameter (no such user).
        """
        record = self._record(command, place, mounted)
        try:
            files = self.places.write_files(place, record)
            workspace = await self.graph.open_workspace(layers, scaffolding(_points(record, files)))
            try:
                code = await self._run(workspace, record, files, place, output)
                yield workspace, code
            finally:
                await asyncio.shield(self.graph.close_workspace(workspace))
        finally:
            self.files.remove(record.id)

    async def _run(self, workspace: Workspace, record: Record, files: Path, place: Place, output: Output) -> int:
        around = spec.Surroundings(
            root=workspace.root,
            files=files,
            identity=user.resolve(workspace.root, record.config.user),
            network_namespace=place.sandbox,
            cgroup_path=cgroup_path(record, self.config),
        )
        bundle = self.files.make_bundle(record.id)
        self.files.write_spec(bundle, spec.build(record, around))
        async with _pipes(output) as (stdout, stderr):
            return await self.execution.run(record.id, bundle, stdout=stdout, stderr=stderr)

    def _record(self, command: Command, place: Place, mounted: Mounted) -> Record:
        """A container as one that is created would be, as far as a step is one."""
        config = ContainerConfig(
            hostname=place.hostname,
            user=command.user,
            env=[*command.env, *mounted.env],
            cmd=list(command.argv),
            working_dir=command.workdir,
        )
        host = msgspec.structs.replace(self.limits, network_mode=place.mode)
        return Record(
            id=command.identifier,
            name=command.identifier,
            created=time.time_ns(),
            image_id="",
            image_name="",
            config=config,
            host_config=with_defaults(host),
            mounts=tuple(mounted.volumes),
        )


def _points(record: Record, files: Path) -> list[tuple[str, bool]]:
    """All mount points of the step, but for those in what the runtime mounts by itself."""
    own = [("/proc", True), ("/dev", True), ("/sys", True)]
    own += [(f"/etc/{name}", False) for name in ("resolv.conf", "hostname", "hosts") if (files / name).exists()]
    wanted = [(mount.destination, _is_folder(mount)) for mount in record.mounts]
    return own + [(path, is_folder) for path, is_folder in wanted if PurePosixPath(path).parts[1] not in _OWN_MOUNTS]


def _is_folder(mount: MountedVolume) -> bool:
    return mount.kind == "tmpfs" or Path(mount.source).is_dir()


@asynccontextmanager
async def _pipes(output: Output) -> AsyncIterator[tuple[int, int]]:
    """Two pipes' writing ends; what comes out of them has been told when the block is left."""
    with contextlib.ExitStack() as stack:
        ends = [os.pipe2(os.O_CLOEXEC) for _ in range(2)]
        for reading, _ in ends:
            stack.callback(os.close, reading)
            os.set_blocking(reading, False)
        owner: set[asyncio.Task[None]] = set()
        pumps = [
            tasks.spawn(_pump(reading, output, is_error=number == 1), name="output of a step", owner=owner)
            for number, (reading, _) in enumerate(ends)
        ]
        try:
            yield ends[0][1], ends[1][1]
        except BaseException:
            for task in pumps:
                task.cancel()
            raise
        finally:
            for _, writing in ends:
                os.close(writing)
            outcomes = await asyncio.gather(*pumps, return_exceptions=True)
        for outcome in outcomes:
            if isinstance(outcome, BaseException):
                raise outcome


async def _pump(descriptor: int, output: Output, *, is_error: bool) -> None:
    decoder = codecs.getincrementaldecoder("utf-8")("replace")
    while data := await waiting.read_available(descriptor):
        if is_error and data.startswith(_OWN_WORDS):
            continue
        if text := decoder.decode(data):
            await output(text, is_error)
    if text := decoder.decode(b"", final=True):
        await output(text, is_error)
