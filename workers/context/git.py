"""A context from a repository: fetched by the git program, which is told nothing that it could take for an option.

A repository is a stranger's. Nothing of it runs here: hooks come with no clone, submodules are fetched by the same few
protocols, and filters need a configuration that a repository can't bring.
"""

import asyncio
import base64
import contextlib
import os
import signal
import tarfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

from docker.utils.build import exclude_paths

from dashboard.jobs.output.entries import Level
from dashboard.jobs.output.writer import Writer
from dashboard.jobs.params.build import GitSource
from dashboard.jobs.params.words import climbs
from workers.lines import Lines
from workers.work import Failed

#: Which ways lead to a repository. Files of this machine only where an administrator says so.
_PROTOCOLS: Final = ("https", "http", "ssh")
_FILES: Final = "PORTSIDE_GIT_FILES"


@dataclass(frozen=True)
class Fetching:
    """One repository on its way into `folder`. `token` opens it, and is sent to it alone; empty for none."""

    source: GitSource
    folder: Path
    out: Writer
    token: str = ""

    async def packed(self, dockerfile: str) -> tuple[Path, str]:
        """The context, and the commit that it is of. Raises Failed: git's own words are in the log."""
        tree = self.folder / "tree"
        tree.mkdir()
        await self._fetch()
        made = self.folder / "context.tar"
        await asyncio.to_thread(_pack, _within(tree, self.source.subdirectory), dockerfile, made)
        return made, (tree / ".git" / "HEAD").read_text().strip()

    async def _fetch(self) -> None:
        source = self.source
        await self._git("init", "--quiet")
        wanted = ("--no-tags", "--progress", "--", source.url, source.ref or "HEAD")
        try:
            await self._git("fetch", "--depth", "1", *wanted)
        except Failed:
            # A plain web server has no shallow copies to give.
            self.out.line("Once more, with the whole history", Level.NOTICE)
            await self._git("fetch", *wanted)
        await self._git("checkout", "--quiet", "--detach", "FETCH_HEAD")
        if source.submodules and (self.folder / "tree" / ".gitmodules").is_file():
            # Relative addresses of submodules are read from the place that this one came from.
            await self._git("remote", "add", "--", "origin", source.url)
            await self._git("submodule", "update", "--init", "--recursive", "--depth", "1")

    async def _git(self, *argv: str) -> None:
        process = await asyncio.create_subprocess_exec(
            "git",
            *("-c", "core.hooksPath=/dev/null", "-c", "advice.detachedHead=false"),
            *argv,
            cwd=self.folder / "tree",
            env=_environment(os.environ) | _credentials(self.source.url, self.token),
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
            start_new_session=True,
        )
        try:
            await _hear(process, self.out)
            code = await process.wait()
        finally:
            # git starts helpers, which would go on without it.
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
        if code:
            raise Failed(f"git {argv[0]} ended with exit code {code}; what it said is in the log")


def _credentials(url: str, token: str) -> dict[str, str]:
    """A header for the repository's own server: git sends it to no other, and no command line shows it.

    The name before the token is one that GitHub, GitLab and Gitea all take.
    """
    parts = urlsplit(url)
    if not token or parts.scheme not in {"http", "https"}:
        return {}
    basic = base64.b64encode(f"oauth2:{token}".encode()).decode()
    server = f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}/"
    return {
        "GIT_CONFIG_COUNT": "1",
        "GIT_CONFIG_KEY_0": f"http.{server}.extraHeader",
        "GIT_CONFIG_VALUE_0": f"Authorization: Basic {basic}",
    }


async def _hear(process: asyncio.subprocess.Process, out: Writer) -> None:
    assert process.stdout is not None  # noqa: S101  # a pipe was asked for
    lines = Lines(out, Level.OUT)
    while data := await process.stdout.read(64 * 1024):
        lines.feed(data.replace(b"\r", b"\n"))
    lines.end()


def _environment(ours: Mapping[str, str]) -> dict[str, str]:
    """No configuration of this machine or user, no question to anybody, and only these protocols."""
    protocols = (*_PROTOCOLS, "file") if ours.get(_FILES) == "1" else _PROTOCOLS
    passed = {name: ours[name] for name in ("PATH", "SSL_CERT_FILE", "SSL_CERT_DIR", "SSH_AUTH_SOCK") if name in ours}
    return passed | {
        "HOME": "/nonexistent",
        "LC_ALL": "C.UTF-8",
        "GIT_CONFIG_NOSYSTEM": "1",
        "GIT_CONFIG_GLOBAL": "/dev/null",
        "GIT_TERMINAL_PROMPT": "0",
        "GIT_ASKPASS": "/bin/false",
        "GIT_SSH_COMMAND": "ssh -oBatchMode=yes -oStrictHostKeyChecking=accept-new -oUserKnownHostsFile=/dev/null",
        "GIT_ALLOW_PROTOCOL": ":".join(protocols),
    }


def _within(tree: Path, subdirectory: str) -> Path:
    """A link in the repository could lead anywhere."""
    found = (tree / subdirectory).resolve()
    if not found.is_dir() or not found.is_relative_to(tree.resolve()):
        raise Failed(f"The repository has no directory {subdirectory!r}")
    return found


def _pack(root: Path, dockerfile: str, made: Path) -> None:
    """As the docker client packs a directory: without what .dockerignore names, nor git's own files."""
    with tarfile.open(made, "w", format=tarfile.PAX_FORMAT) as archive:
        for name in sorted(exclude_paths(str(root), _ignored(root), dockerfile=dockerfile)):
            if name and not climbs(name) and name.split("/")[0] != ".git":
                archive.add(root / name, arcname=name, recursive=False, filter=_nobody_s)


def _ignored(root: Path) -> list[str]:
    path = root / ".dockerignore"
    if path.is_symlink() or not path.is_file():
        return []
    lines = (line.strip() for line in path.read_text(errors="replace").splitlines())
    return [line for line in lines if line and not line.startswith("#")]


def _nobody_s(entry: tarfile.TarInfo) -> tarfile.TarInfo:
    entry.uid = entry.gid = 0
    entry.uname = entry.gname = ""
    return entry
