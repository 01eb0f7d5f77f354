"""Git repositories: the tree of one commit, with its submodules."""

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from engine.build.sources.address import GitAddress
from engine.build.sources.gitrun import TREE, GitFailure, GitRun
from engine.errors import InvalidParameter

_COMMIT: Final = re.compile(r"[0-9a-f]{40}|[0-9a-f]{64}")
_ALL: Final = ("+refs/heads/*:refs/remotes/origin/*", "+refs/tags/*:refs/tags/*")


@dataclass(frozen=True)
class GitTree:
    """A checked-out tree at `root` (the address's folder in the repository). Its files are nobody's."""

    root: Path
    commit: str


async def fetch_git(address: GitAddress, scratch: Path, *, keep_git_dir: bool = False, checksum: str = "") -> GitTree:
    """Check the address out below the empty folder `scratch`.

    `checksum` is a commit, or the beginning of one, that it has to be. Raises InvalidParameter: no such repository,
    ref or folder, a protocol that is not allowed, another commit.
    """
    runner = GitRun(scratch, address)
    commit = await check_out(runner, address, checksum or address.checksum)
    if not (keep_git_dir or address.keep_git_dir):
        await runner.run("find", TREE, "-name", ".git", "-prune", "-exec", "rm", "-rf", "--", "{}", "+")
    return GitTree(folder_in(scratch / TREE, address), commit)


async def check_out(runner: GitRun, address: GitAddress, checksum: str) -> str:
    """Fetch and check out; returns the commit."""
    runner.prepare()
    await runner.git("init", "--quiet", "--template=")
    await runner.git("remote", "add", "--", "origin", address.remote)
    commit = await _fetch(runner, address.ref)
    if not commit.startswith(checksum):
        raise InvalidParameter(f"expected checksum to match {checksum}, got {commit}")
    await runner.git("checkout", "--quiet", "--force", "--detach", commit)
    if address.submodules and (runner.tree / ".gitmodules").is_file():
        await _submodules(runner)
    return commit


async def _fetch(runner: GitRun, ref: str) -> str:
    """One commit alone where the server can do that, or all there is: old servers, and abbreviated commits."""
    try:
        await runner.git("fetch", "--quiet", "--no-tags", "--depth=1", "--", "origin", ref or "HEAD")
        return await _resolve(runner, "FETCH_HEAD")
    except GitFailure:
        await runner.git("fetch", "--quiet", "--", "origin", *_ALL, *([] if ref else ["HEAD"]))
    for name in (ref, f"origin/{ref}") if ref else ("FETCH_HEAD",):
        try:
            return await _resolve(runner, name)
        except GitFailure:
            continue
    raise GitFailure(f"failed to fetch {runner.remote}: repository does not contain ref {ref}")


async def _resolve(runner: GitRun, name: str) -> str:
    commit = await runner.git("rev-parse", "--quiet", "--verify", "--end-of-options", f"{name}^{{commit}}")
    if not _COMMIT.fullmatch(commit):
        raise GitFailure(f"failed to fetch {runner.remote}: {name} is no commit")
    return commit


async def _submodules(runner: GitRun) -> None:
    update = ("submodule", "--quiet", "update", "--init", "--recursive")
    try:
        await runner.git(*update, "--depth=1")
    except GitFailure:
        await runner.git(*update)


def folder_in(tree: Path, address: GitAddress) -> Path:
    """The address's folder. A link in the repository may be part of its path, and may not lead out."""
    root = tree.resolve()
    folder = (root / address.subdir).resolve()
    if not folder.is_relative_to(root) or not folder.is_dir():
        raise InvalidParameter(f"{address.remote} has no folder {address.subdir!r}")
    return folder
