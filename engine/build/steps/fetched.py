"""ADD of what is elsewhere: a file of a web server, or a git repository."""

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from engine.build.build import Build
from engine.build.dockerfile.instructions import Add
from engine.build.sources.address import GitAddress, where
from engine.build.sources.git import fetch_git
from engine.build.sources.web import fetch
from engine.errors import InvalidParameter

#: A fetched file's mode, as Docker's.
_MODE: Final = 0o600


@dataclass(frozen=True, slots=True)
class Got:
    """What was fetched: `words` are to be copied from the folder."""

    folder: Path
    words: tuple[str, ...]


def is_remote(source: str) -> bool:
    return where(source) is not None


@dataclass(frozen=True)
class Fetching:
    """Fetches for one instruction, into folders that go with the build."""

    build: Build
    step: Add

    async def fetch(self, source: str) -> Got:
        """Raises what the source's server, or the source itself, stands against."""
        address = where(source)
        folder = self.build.new_folder()
        if isinstance(address, GitAddress):
            tree = await fetch_git(address, folder, keep_git_dir=self.step.keep_git_dir, checksum=self.step.checksum)
            return Got(tree.root, (".",))
        assert address is not None  # noqa: S101 - is_remote has been asked; for the type checker
        got = await fetch(address, folder / "file", checksum=self.step.checksum)
        name = got.name or self._own_name(source)
        path = got.path.rename(folder / name)
        path.chmod(_MODE)
        if got.mtime is not None:
            os.utime(path, (got.mtime, got.mtime))
        return Got(folder, (_literal(name),))

    def _own_name(self, source: str) -> str:
        if self.step.destination.endswith("/"):
            raise InvalidParameter(f"cannot determine filename from url: {source}")
        return "file"


def _literal(name: str) -> str:
    """The name as a pattern that means nothing but it."""
    return "".join(f"\\{character}" if character in "*?[\\" else character for character in name)
