"""The unmodified docker client, pointed at one engine's socket."""

import functools
import os
import shutil
import subprocess
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from tests.support import session


@functools.cache
def program() -> Path:
    """`docker` from PATH, or the client out of Debian's docker.io package, which is not installed for it."""
    found = shutil.which("docker")
    return Path(found) if found else _from_package()


def _from_package() -> Path:
    client = session.cache() / "docker-cli"
    if not client.exists():
        with tempfile.TemporaryDirectory(dir=session.cache()) as scratch:
            subprocess.run(["apt-get", "download", "-q", "docker.io"], cwd=scratch, check=True, timeout=300)
            (package,) = Path(scratch).glob("docker.io_*.deb")
            subprocess.run(["dpkg-deb", "--extract", package, f"{scratch}/root"], check=True)
            Path(scratch, "root/usr/bin/docker").rename(client)
    return client


@dataclass(frozen=True)
class Docker:
    """`docker("ps", "-a")` runs the client against `socket` and returns its standard output, stripped.

    Raises `subprocess.CalledProcessError` (`stderr` holds the message) when the client's exit code is not 0.
    """

    socket: Path
    config: Path = field(default_factory=lambda: session.directory("docker"))

    def __call__(self, *words: str | Path, timeout: float = 60, typed: str = "") -> str:
        return self.run(*words, timeout=timeout, check=True, typed=typed).stdout.strip()

    def run(
        self, *words: str | Path, timeout: float = 60, check: bool = False, typed: str = ""
    ) -> subprocess.CompletedProcess[str]:
        """The whole outcome: `returncode`, `stdout`, `stderr`. `typed` is its standard input."""
        raw = subprocess.run(
            self.argv(*words),
            env=self.environment,
            capture_output=True,
            timeout=timeout,
            check=False,
            input=typed.encode(),
        )
        # Decoded here: subprocess' own text mode would hide the carriage returns of a terminal.
        done = subprocess.CompletedProcess(raw.args, raw.returncode, raw.stdout.decode(), raw.stderr.decode())
        if check and done.returncode:
            error = subprocess.CalledProcessError(done.returncode, done.args, done.stdout, done.stderr)
            error.add_note(f"stdout: {done.stdout}\nstderr: {done.stderr}")
            raise error
        return done

    def argv(self, *words: str | Path) -> list[str]:
        return [str(program()), "--host", f"unix://{self.socket}", *map(str, words)]

    @property
    def environment(self) -> Mapping[str, str]:
        """The caller's, without what would point the client elsewhere, and with an empty configuration."""
        kept = {key: value for key, value in os.environ.items() if not key.startswith("DOCKER_")}
        return {**kept, "DOCKER_CONFIG": str(self.config)}
