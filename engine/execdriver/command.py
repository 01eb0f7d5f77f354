"""conmon's command line: where to listen and write is told by flags."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from engine.execdriver.driver import Journal, Stdio
from engine.execdriver.runtime import Runtime


@dataclass(frozen=True, kw_only=True)
class Command:
    """One conmon's: for the container of the bundle `folder`, or (by `extra`) for an exec with its own folder."""

    conmon: Path
    runtime: Runtime
    container_id: str
    folder: Path
    stdio: Stdio
    log: Path | Journal | None
    extra: Sequence[str] = field(default=())

    def argv(self) -> list[str]:
        """`--sync`: it does not fork away, but stays the engine's child."""
        folder = self.folder
        return [
            str(self.conmon), "--api-version", "1", "--sync", "--cid", self.container_id, "--cuuid", folder.name,
            "--runtime", str(self.runtime.program), "--full-attach",
            "--container-pidfile", str(folder / "pid"), "--exit-dir", str(folder / "exit"),
            "--socket-dir-path", str(folder), "--log-level", "error", "--bundle", str(folder),
            *self._log_arguments(), *self._runtime_arguments(), *self.extra, *self._stdio_arguments(),
        ]  # fmt: skip

    def _log_arguments(self) -> list[str]:
        if isinstance(self.log, Journal):
            return ["--name", self.log.name, "--log-path", "journald:", "--log-tag", self.log.tag]
        path = "none:" if self.log is None else f"k8s-file:{self.log}"
        return ["--name", self.container_id, "--log-path", path]

    def _runtime_arguments(self) -> list[str]:
        arguments = [f"--root={self.runtime.root}", f"--log={self.folder / 'oci.log'}", "--log-format=json"]
        return [item for argument in arguments for item in ("--runtime-arg", argument)]

    def _stdio_arguments(self) -> list[str]:
        stdio = self.stdio
        arguments = ["--terminal"] if stdio.tty else []
        if stdio.stdin:
            arguments.append("--stdin")
            if stdio.tty or not stdio.stdin_once:
                arguments.append("--leave-stdin-open")
        return arguments
