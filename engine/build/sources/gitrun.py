"""Running git on a stranger's repository: in a jail, with a configuration and an environment made for it."""

import asyncio
import base64
import contextlib
import os
import signal
import sys
import urllib.request
from pathlib import Path
from typing import IO, Final
from urllib.parse import unquote, urlsplit

import engine
from engine.build.sources.address import GitAddress
from engine.build.sources.jail import NOBODY
from engine.errors import EngineError, InvalidParameter
from engine.image.layer import RESERVE
from engine.tasks import cancel_all, spawn

#: The folder in the scratch folder that the repository is in.
TREE: Final = "tree"
_CONFIG: Final = "gitconfig"
#: How often the disk is looked at while git writes, in seconds.
_LOOK: Final = 0.3
_SAID: Final = 800
#: No `file` (CVE-2022-39253), no `ext`, and no `ssh`, for which there are no keys; the same for submodules.
_PROTOCOLS: Final = "http:https:git"
_SETTINGS: Final = """\
[core]
\thooksPath = /dev/null
\tfsmonitor = false
[credential]
\thelper =
[gc]
\tauto = 0
[http]
\tlowSpeedLimit = 100
\tlowSpeedTime = 60
"""


class GitFailure(InvalidParameter):
    """Git said no: a repository or a ref that is not there, or one that it does not trust."""


class GitRun:
    """Runs programs with the scratch folder as their `/tmp`. Raises GitFailure with the last of what they said."""

    def __init__(self, scratch: Path, address: GitAddress) -> None:
        self._scratch = scratch
        self._address = address
        self.tree = scratch / TREE
        self.remote = address.remote

    def prepare(self) -> None:
        """Give the folder to nobody, with git's configuration: credentials are in that file, and in no argument."""
        config = self._scratch / _CONFIG
        config.touch(mode=0o600, exist_ok=False)
        config.write_text(_SETTINGS + _authorization(self._address))
        self.tree.mkdir(mode=0o755)
        for path in (config, self.tree, self._scratch):
            os.chown(path, NOBODY, NOBODY)

    async def git(self, *arguments: str) -> str:
        """Git's output, stripped."""
        return (await self.run("git", "-C", TREE, *arguments)).decode(errors="replace").strip()

    async def run(self, *program: str, stdout: IO[bytes] | None = None) -> bytes:
        """Cancelled, this returns when all of the program's processes are gone."""
        module = ("-P", "-s", "-B", "-m", "engine.build.sources.jail", str(self._scratch), str(os.getpid()))
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, *module, *program),
            stdin=asyncio.subprocess.DEVNULL,
            stdout=stdout or asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
            env=_environment(),
            cwd="/",
            start_new_session=True,
        )
        return await self._finish(process, program)

    async def _finish(self, process: asyncio.subprocess.Process, program: tuple[str, ...]) -> bytes:
        watching: set[asyncio.Task[None]] = set()
        watch = spawn(self._watch(process), name=f"disk for {program[0]}", owner=watching)
        try:
            said, complaint = await process.communicate()
        finally:
            _kill(process)
            await asyncio.shield(process.wait())
            is_full = watch.done() and not watch.cancelled()
            await cancel_all(watching)
        if is_full:
            raise EngineError(f"no space left for {self.remote}: less than {RESERVE} bytes are free")
        if process.returncode != 0:
            raise GitFailure(self._failure(program, complaint))
        return said or b""

    def _failure(self, program: tuple[str, ...], complaint: bytes) -> str:
        last = complaint.decode(errors="replace").strip()[-_SAID:]
        return f"failed to fetch {self.remote}: {program[0]}: {last}"

    async def _watch(self, process: asyncio.subprocess.Process) -> None:
        """Ends, and the process with it, when the disk is about to be full."""
        while True:
            await asyncio.sleep(_LOOK)
            disk = os.statvfs(self._scratch)
            if disk.f_bavail * disk.f_frsize < RESERVE or (disk.f_files and disk.f_favail < disk.f_files // 100):
                _kill(process)
                return


def _kill(process: asyncio.subprocess.Process) -> None:
    """The process and what it started: git has helpers, which form one session with it."""
    if process.returncode is None:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)


def _environment() -> dict[str, str]:
    """Nothing of the engine's own, but the way to its code and to the network."""
    proxies = {f"{scheme}_proxy": url for scheme, url in urllib.request.getproxies().items()}
    return proxies | {
        "PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
        "PYTHONPATH": str(Path(engine.__file__).parent.parent),
        "LC_ALL": "C.UTF-8",
        "HOME": "/nonexistent",
        "GIT_CONFIG_NOSYSTEM": "1",
        "GIT_CONFIG_GLOBAL": f"/tmp/{_CONFIG}",  # noqa: S108 - in the jail
        "GIT_ALLOW_PROTOCOL": _PROTOCOLS,
        "GIT_TERMINAL_PROMPT": "0",
        "GIT_ASKPASS": "/bin/false",
        "GIT_ATTR_NOSYSTEM": "1",
    }


def _authorization(address: GitAddress) -> str:
    """The URL's user and password as a header for its own server."""
    if not address.credentials:
        return ""
    name, _, password = address.credentials.partition(":")
    proof = base64.b64encode(f"{unquote(name)}:{unquote(password)}".encode()).decode()
    parts = urlsplit(address.remote)
    return f'[http "{parts.scheme}://{parts.netloc}/"]\n\textraHeader = "Authorization: Basic {proof}"\n'
