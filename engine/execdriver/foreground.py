"""A container that lasts no longer than who asked for it: the runtime alone, without a monitor.

It saves what makes a container outlive the engine, which a step of a build has no use for. After a crash the container
is one that the runtime knows and no record does, and is deleted as such.
"""

import asyncio
import os
import subprocess
from pathlib import Path

from engine.execdriver.driver import StartFailed
from engine.execdriver.failure import failure
from engine.execdriver.runtime import Runtime
from engine.linux import waiting


async def run(runtime: Runtime, container_id: str, bundle: Path, *, stdout: int, stderr: int) -> int:
    """Run the container of `bundle`/config.json to its end; returns its exit code, as a shell counts.

    Its input is empty, its output goes to the descriptors. Cancelled, it returns when all of the container is gone.
    Raises StartFailed; what the runtime then said on `stderr` begins with its name and says the same.
    """
    runtime.prepare()
    process = _start(runtime, container_id, bundle, stdout, stderr)
    try:
        await waiting.process_end(process.pid)
        code = process.wait()
    except asyncio.CancelledError:
        process.kill()
        await asyncio.shield(_end(runtime, container_id, process))
        raise
    if code and _log(bundle).exists() and _log(bundle).stat().st_size:
        error = failure("create", bundle, {}, code)
        if isinstance(error, StartFailed):
            raise error
    return code if code >= 0 else 128 - code


def _log(bundle: Path) -> Path:
    """Where the runtime writes why it could not do something (`failure` reads it)."""
    return bundle / "oci.log"


def _start(runtime: Runtime, container_id: str, bundle: Path, stdout: int, stderr: int) -> "subprocess.Popen[bytes]":
    argv = [
        str(runtime.program), "--root", str(runtime.root), "--log", str(_log(bundle)), "--log-format", "json",
        "run", "--bundle", str(bundle), container_id,
    ]  # fmt: skip
    # A Go program that lives as long as the step: collecting garbage and threads are a third of a short one's time.
    environment = {"PATH": os.environ.get("PATH", os.defpath), "GOGC": "off", "GOMAXPROCS": "1"}
    return subprocess.Popen(
        argv,
        stdin=subprocess.DEVNULL,
        stdout=stdout,
        stderr=stderr,
        env=environment,
        cwd=bundle,
        start_new_session=True,
    )


async def _end(runtime: Runtime, container_id: str, process: "subprocess.Popen[bytes]") -> None:
    await waiting.process_end(process.pid)
    process.wait()
    await runtime.delete(container_id)
