"""What a RUN step has mounted beside its root: `RUN --mount=…`, from the Dockerfile's words to paths on the host."""

import os
import posixpath
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

from engine.build.cache.mounts import CacheMounts
from engine.build.dockerfile.instructions import Run
from engine.build.dockerfile.mount import Mount, MountType
from engine.container.hostmounts import HostMounts
from engine.container.record import MountedVolume
from engine.errors import InvalidParameter, NotSupported

#: Opens the files of what a mount's `from` names ("": the context), read-only or for writing that is thrown away.
OpenRoot = Callable[[str, bool], AbstractAsyncContextManager[Path]]
#: Copies what is below a path of a root into a folder.
CopyInto = Callable[[Path, str, Path], Awaitable[None]]
_SECRETS_SIZE = 4 << 20


@dataclass
class Mounted:
    """What the step's container gets: mounts, and variables that carry secrets."""

    volumes: list[MountedVolume] = field(default_factory=list)
    env: list[str] = field(default_factory=list)


@dataclass(frozen=True, kw_only=True)
class MountMaker:
    """Makes the mounts of one step, which `step` names to the host."""

    step: str
    workdir: str
    host: HostMounts
    caches: CacheMounts
    secrets: Mapping[str, bytes]
    open_root: OpenRoot
    copy: CopyInto

    @asynccontextmanager
    async def made(self, run: Run) -> AsyncIterator[Mounted]:
        """All mounts of the instruction, for as long as the block lasts. Raises what they can't be made for."""
        async with AsyncExitStack() as stack:
            stack.callback(self.host.remove, self.step)
            mounted = Mounted()
            for number, mount in enumerate(run.mounts):
                await self._add(mounted, mount, number, stack)
            yield mounted

    async def _add(self, mounted: Mounted, mount: Mount, number: int, stack: AsyncExitStack) -> None:
        target = posixpath.normpath(posixpath.join(self.workdir or "/", mount.target)) if mount.target else ""
        match mount.type:
            case MountType.TMPFS:
                mounted.volumes.append(_tmpfs(mount, target))
            case MountType.BIND:
                root = await stack.enter_async_context(self.open_root(mount.from_, not mount.readonly))
                source = self._part(f"bind{number}", root, mount.source)
                mounted.volumes.append(_bind(source, target, read_only=mount.readonly))
            case MountType.CACHE:
                source = await stack.enter_async_context(self._cache(mount, target, number))
                mounted.volumes.append(_bind(source, target, read_only=mount.readonly))
            case MountType.SECRET:
                self._secret(mounted, mount, target, number)
            case MountType.SSH if mount.required:
                raise NotSupported("ssh: a client of the classic build has no way to offer its agent to the engine")

    def _part(self, name: str, root: Path, source: str) -> Path:
        """The part of a root: held as the kernel finds it there, so that no link leads out of it (CVE-2024-23651)."""
        path = posixpath.normpath("/" + source).lstrip("/")
        return self.host.bind_part(self.step, name, root, path) if path else root

    @asynccontextmanager
    async def _cache(self, mount: Mount, target: str, number: int) -> AsyncIterator[Path]:
        async def seed(folder: Path) -> None:
            if mount.from_:
                async with self.open_root(mount.from_, False) as root:
                    await self.copy(root, mount.source or "/", folder)
            folder.chmod(0o755 if mount.mode is None else mount.mode)
            os.chown(folder, mount.uid or 0, mount.gid or 0)

        async with self.caches.use(mount.id or target, mount.sharing, seed) as folder:
            yield folder if mount.from_ else self._part(f"cache{number}", folder, mount.source)

    def _secret(self, mounted: Mounted, mount: Mount, target: str, number: int) -> None:
        identifier = mount.id or posixpath.basename(mount.target)
        secret = self.secrets.get(identifier)
        if secret is None:
            if mount.required:
                raise InvalidParameter(f"secret {identifier}: not found")
            return
        if mount.env:
            mounted.env.append(f"{mount.env}={secret.decode(errors='surrogateescape')}")
            if not mount.target:
                return
        path = self._secret_file(number, secret, mount)
        where = target or f"/run/secrets/{identifier}"
        mounted.volumes.append(_bind(path, where, read_only=True))

    def _secret_file(self, number: int, secret: bytes, mount: Mount) -> Path:
        """In memory alone: a file system of its own, which goes with the step."""
        folder = self.host.shared_memory(self.step)
        if not folder.exists():
            self.host.make_shared_memory(self.step, _SECRETS_SIZE)
        path = folder / f"secret{number}"
        path.touch(mode=0o600)
        path.write_bytes(secret)
        os.chown(path, mount.uid or 0, mount.gid or 0)
        path.chmod(0o400 if mount.mode is None else mount.mode)
        return path


def _bind(source: Path, target: str, *, read_only: bool) -> MountedVolume:
    return MountedVolume(kind="bind", source=str(source), destination=target, read_only=read_only)


def _tmpfs(mount: Mount, target: str) -> MountedVolume:
    options = ["nosuid", "nodev", f"mode={0o1777 if mount.mode is None else mount.mode:o}"]
    if mount.size:
        options.append(f"size={mount.size}")
    return MountedVolume(kind="tmpfs", destination=target, options=tuple(options))
