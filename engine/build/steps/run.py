"""RUN."""

import time
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from engine.build import metadata
from engine.build.build import Build
from engine.build.dockerfile.instructions import Run
from engine.build.dockerfile.mount import Mount, MountType
from engine.build.dockerfile.plan import Origin
from engine.build.dockerfile.scope import Scope
from engine.build.dockerfile.script import Script, run_script
from engine.build.filework import Sources
from engine.build.run.mounts import MountMaker
from engine.build.run.step import Command, StepFailed
from engine.build.state import Layer, State
from engine.build.steps.deed import Deed
from engine.container.record import MountedVolume
from engine.errors import NotSupported
from engine.graphdriver.driver import Workspace
from engine.ids import random_id, short_id


@dataclass(frozen=True, kw_only=True)
class _Running:
    """One instruction at its place in a stage."""

    build: Build
    state: State
    step: Run
    script: Script
    env: tuple[str, ...]
    origins: Mapping[str, Origin]

    async def do(self) -> Layer | None:
        """Run the command; what it has written. Raises StepFailed, StartFailed and what its mounts are refused with."""
        build, config = self.build, self.state.config
        command = Command(
            identifier=random_id(),
            argv=self.script.argv,
            env=self.env,
            user=config.user,
            workdir=config.working_dir,
        )
        async with (
            build.runner.places.place(self.step.network) as place,
            self._mounts(command).made(self.step) as given,
        ):
            if self.script.path:
                given.volumes.append(self._script_file())
            await build.messages.say(f" ---> Running in {short_id(command.identifier)}\n")
            started = time.monotonic()
            async with build.runner.run(self.state.chain, command, place, given, build.messages.output) as (root, code):
                await self._told(command, time.monotonic() - started)
                if code:
                    raise await self._failure(root, code)
                return await build.layering.commit(root, self.state.top)

    async def _told(self, command: Command, seconds: float) -> None:
        name = short_id(command.identifier)
        await self.build.messages.say(f" ---> Removed intermediate container {name} ({seconds:.2f} s)\n")

    async def _failure(self, workspace: Workspace, code: int) -> StepFailed:
        """The error; with the files of the step, where the request wants them kept."""
        error = StepFailed(self.script.argv, code)
        if self.build.request.keep_failed:
            error.kept = self.state, await self.build.layering.commit(workspace, self.state.top)
        return error

    async def checksums(self) -> list[str]:
        """Of what the step has mounted of the context or of other stages: it may depend on that."""
        return [await self._checksum(mount) for mount in self.step.mounts if mount.type is MountType.BIND]

    async def _checksum(self, mount: Mount) -> str:
        words = (mount.source or "/",)
        if not mount.from_:
            return (await self.build.files.look(Sources(words=words), with_owners=True)).digest
        state = await self.build.state(self.origins[mount.from_])
        async with self.build.root(state) as root:
            return (await self.build.files.look(Sources(words=words, root=root), with_owners=True)).digest

    def _mounts(self, command: Command) -> MountMaker:
        return MountMaker(
            step=command.identifier,
            workdir=self.state.config.working_dir,
            host=self.build.host_mounts,
            caches=self.build.caches,
            secrets=self.build.request.secrets,
            open_root=self._open_root,
            copy=self.build.copy_into,
        )

    @asynccontextmanager
    async def _open_root(self, name: str, _: bool) -> AsyncIterator[Path]:
        if not name:
            async with self.build.context_folder() as folder:
                yield folder
            return
        async with self.build.root(await self.build.state(self.origins[name])) as root:
            yield root

    def _script_file(self) -> MountedVolume:
        path = self.build.new_folder() / "script"
        path.write_text(self.script.content, errors="surrogateescape")
        path.chmod(0o755)
        return MountedVolume(kind="bind", source=str(path), destination=self.script.path, read_only=True)


async def deed(build: Build, state: State, scope: Scope, step: Run, origins: Mapping[str, Origin]) -> Deed:
    if step.security != "sandbox":
        raise NotSupported(f"RUN --security={step.security}: steps of a build have no further rights on this engine")
    script = run_script(step, metadata.shell_of(state.config))
    env = tuple(f"{name}={value}" for name, value in scope.run_environment.items())
    running = _Running(build=build, state=state, step=step, script=script, env=env, origins=origins)
    return Deed(
        created_by=_created_by(script, scope),
        config=state.config,
        key=(step.network, [_described(mount) for mount in step.mounts], script.content, await running.checksums()),
        do=running.do,
        can_be_given=not step.mounts and not script.path,
    )


def _created_by(script: Script, scope: Scope) -> str:
    """As the classic builder writes it: the build args that count stand before the command."""
    args = [f"{name}={value}" for name, value in scope.counted_args.items()]
    counted = [f"|{len(args)}", *args] if args else []
    return " ".join([*counted, *script.argv])


def _described(mount: Mount) -> list[object]:
    """What of a mount a step's result depends on beside what is in it."""
    return [mount.type, mount.target, mount.id, mount.env, mount.readonly, mount.from_, mount.source, mount.required]
