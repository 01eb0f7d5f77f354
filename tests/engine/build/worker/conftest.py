"""A process of the workshop, and copying with it."""

import io
import tarfile
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest

from engine.build.filework import Destination, FileWork, Look, Sources
from engine.build.workshop import Workshop


def tarred(*entries: "tarfile.TarInfo | tuple[str, bytes]") -> bytes:
    """A tar of these files, and of entries of one's own."""
    data = io.BytesIO()
    with tarfile.open(fileobj=data, mode="w") as tar:
        for entry in entries:
            if isinstance(entry, tarfile.TarInfo):
                tar.addfile(entry)
                continue
            info = tarfile.TarInfo(entry[0])
            info.size, info.mtime = len(entry[1]), 1_000_000
            tar.addfile(info, io.BytesIO(entry[1]))
    return data.getvalue()


def link(name: str, target: str, kind: bytes = tarfile.SYMTYPE) -> tarfile.TarInfo:
    info = tarfile.TarInfo(name)
    info.type, info.linkname = kind, target
    return info


@dataclass(frozen=True)
class Copier:
    """`copy(["a", "b"], "/to/")` copies from the context into `root`; `received` takes a context in."""

    work: FileWork
    root: Path
    spool: Path

    async def received(self, tar: bytes) -> None:
        async def pieces() -> AsyncIterator[bytes]:
            for start in range(0, len(tar), 1000):
                yield tar[start : start + 1000]

        await self.work.receive(pieces(), self.spool)

    async def __call__(
        self,
        words: Sequence[str],
        to: str,
        *,
        source: Path | None = None,
        exclude: Sequence[str] = (),
        owner: tuple[int, int] | None = (0, 0),
        mode: str = "",
        parents: bool = False,
        unpack: bool = False,
        files: tuple[tuple[str, str], ...] = (),
    ) -> None:
        destination = Destination(path=to, owner=owner, mode=mode, parents=parents, unpack=unpack, files=files)
        await self.work.copy(Sources(words=words, root=source, exclude=exclude), self.root, destination)

    async def look(self, *words: str, source: Path | None = None) -> Look:
        return await self.work.look(Sources(words=words, root=source), with_owners=source is not None)

    @property
    def found(self) -> Mapping[str, str]:
        """What is in the root: a file's text, a link's target after an arrow, a folder's empty text and a slash."""
        return {_name(path, self.root): _content(path) for path in sorted(self.root.rglob("*"))}


def _name(path: Path, root: Path) -> str:
    return str(path.relative_to(root)) + ("/" if path.is_dir() and not path.is_symlink() else "")


def _content(path: Path) -> str:
    if path.is_symlink():
        return f"-> {path.readlink()}"
    return "" if path.is_dir() else path.read_text()


@pytest.fixture
async def copy(tmp_path: Path) -> AsyncIterator[Copier]:
    root = tmp_path / "root"
    root.mkdir()
    workshop = Workshop()
    async with workshop.bench() as channel:
        yield Copier(FileWork(channel), root, tmp_path / "spool")
    workshop.close()
