"""COPY and ADD."""

import asyncio
from collections.abc import Mapping
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path

from engine.build import metadata
from engine.build.build import Build
from engine.build.dockerfile.instructions import Add, Copy, Transfer
from engine.build.dockerfile.plan import Origin
from engine.build.filework import Destination, Look, Sources
from engine.build.state import Layer, State
from engine.build.steps.deed import Deed
from engine.build.steps.fetched import Fetching, is_remote
from engine.errors import EngineError


@dataclass(frozen=True)
class Part:
    """Some of the sources: those of the context, of another stage or image, or one that was fetched."""

    words: tuple[str, ...]
    origin: Origin | None = None
    folder: Path | None = None
    unpack: bool = False


@dataclass(frozen=True)
class _Copying:
    """One instruction, with the parts of its sources."""

    build: Build
    state: State
    step: Transfer
    parts: tuple[Part, ...]

    async def described(self) -> str:
        """The sources as the history names them: `dir:<checksum>`. Raises what they are refused with."""
        looks = [await self._look(part) for part in self.parts]
        heredocs = [f"{each.name}\0{each.content}" for each in self.step.heredocs]
        count = sum(look.count for look in looks) + len(heredocs)
        kind = "multi" if count > 1 else "dir" if looks and looks[0].folder else "file"
        return f"{kind}:{metadata.digest_of_parts([*(look.digest for look in looks), *heredocs])}"

    async def do(self) -> Layer | None:
        link = self.step.link
        workspace = await self.build.graph.open_workspace(() if link else self.state.chain)
        try:
            owner = await self._owner(workspace.root)
            for number, part in enumerate(self.parts):
                is_last = number == len(self.parts) - 1
                await self._copy(part, workspace.root, owner, with_files=is_last)
            if not self.parts:
                await self._write(Sources(words=()), Part(()), workspace.root, owner, with_files=True)
            return await self.build.layering.commit(workspace, self.state.top)
        finally:
            await asyncio.shield(self.build.graph.close_workspace(workspace))

    async def _look(self, part: Part) -> Look:
        async with AsyncExitStack() as stack:
            sources = await self._sources(part, stack)
            with _told(self.step):
                return await self.build.files.look(sources, with_owners=part.origin is not None)

    async def _copy(self, part: Part, root: Path, owner: tuple[int, int] | None, *, with_files: bool) -> None:
        async with AsyncExitStack() as stack:
            sources = await self._sources(part, stack)
            await self._write(sources, part, root, owner, with_files=with_files)

    async def _write(
        self, sources: Sources, part: Part, root: Path, owner: tuple[int, int] | None, *, with_files: bool
    ) -> None:
        keeps_owner = owner is None and part.origin is not None
        destination = Destination(
            path=self.destination,
            owner=None if keeps_owner or (part.unpack and owner is None) else owner or (0, 0),
            mode=self.step.chmod,
            parents=isinstance(self.step, Copy) and self.step.parents,
            unpack=part.unpack,
            files=tuple((each.name, each.content) for each in self.step.heredocs) if with_files else (),
        )
        with _told(self.step):
            await self.build.files.copy(sources, root, destination)

    async def _sources(self, part: Part, stack: AsyncExitStack) -> Sources:
        root = part.folder
        if part.origin is not None:
            origin = await self.build.state(part.origin)
            root = await stack.enter_async_context(self.build.root(origin))
        return Sources(words=part.words, root=root, exclude=self.step.exclude)

    async def _owner(self, root: Path) -> tuple[int, int] | None:
        """Whom `--chown` means: by the tables of the stage, which a linked layer's own root does not have."""
        if not self.step.chown:
            return None
        with _told(self.step):
            if not self.step.link:
                return await self.build.files.owner(self.step.chown, root)
            async with self.build.root(self.state) as stage:
                return await self.build.files.owner(self.step.chown, stage)

    @property
    def destination(self) -> str:
        """The absolute destination; a slash at its end says that it is a folder."""
        wanted = self.step.destination
        path = metadata.working_dir(self.state.config, wanted)
        is_folder = wanted.endswith(("/", "/.")) or wanted in {".", ".."}
        return f"{path.rstrip('/')}/" if is_folder else path


async def deed(build: Build, state: State, step: Add | Copy, origins: Mapping[str, Origin]) -> Deed:
    """What the instruction asks for. Its sources are looked at now: their checksum tells whether it was done before."""
    copying = _Copying(build, state, step, await _parts(build, step, origins))
    flags = (step.chown, step.chmod, step.link, step.exclude, isinstance(step, Copy) and step.parents, _unpack(step))
    owner = f"--chown={step.chown}" if step.chown else ""  # without a blank behind it, as in Docker
    words = f"{step.keyword} {owner}{await copying.described()} in {step.destination} "
    return Deed(
        created_by=metadata.created_by(state.config, words, spaces=1),
        config=state.config,
        key=(flags, copying.destination),
        do=copying.do,
        is_independent=step.link,
        can_be_given=not any((step.chmod, step.exclude, step.link, flags[4], flags[5])),
    )


async def _parts(build: Build, step: Add | Copy, origins: Mapping[str, Origin]) -> tuple[Part, ...]:
    if isinstance(step, Copy):
        origin = origins[step.from_] if step.from_ else None
        return (Part(step.sources, origin),) if step.sources else ()
    local = tuple(source for source in step.sources if not is_remote(source))
    parts = [Part(local, unpack=step.unpack is not False)] if local else []
    for source in step.sources:
        if is_remote(source):
            got = await Fetching(build, step).fetch(source)
            parts.append(Part(got.words, folder=got.folder, unpack=step.unpack is True))
    return tuple(parts)


def _unpack(step: Add | Copy) -> bool | None:
    return step.unpack if isinstance(step, Add) else None


class _told:  # noqa: N801 - read as a word
    """What stands against the copy, told as Docker tells it: `COPY failed: …`."""

    def __init__(self, step: Transfer) -> None:
        self._step = step

    def __enter__(self) -> None:
        return None

    def __exit__(self, _: object, error: BaseException | None, __: object) -> None:
        if isinstance(error, EngineError) and not error.message.startswith(f"{self._step.keyword} failed"):
            error.message = f"{self._step.keyword} failed: {error.message}"
            error.args = (error.message,)
