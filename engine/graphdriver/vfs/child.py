"""Starting the worker."""

import asyncio
import contextlib
import json
import os
import signal
import sys
from pathlib import Path
from typing import Any

import engine
from engine.errors import EngineError


async def run(job: str, **arguments: Any) -> Any:
    """Have a worker do the job (see `worker`); it is killed when this is cancelled. Raises EngineError."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-P", "-s", "-B", "-m", "engine.graphdriver.vfs.worker", str(os.getpid())),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        env={"PYTHONPATH": str(Path(engine.__file__).parent.parent), "LC_ALL": "C.UTF-8"},
        cwd="/",
    )
    try:
        said, complaint = await process.communicate(json.dumps({"job": job, **arguments}).encode())
    except BaseException:
        with contextlib.suppress(ProcessLookupError):
            os.kill(process.pid, signal.SIGKILL)
        await asyncio.shield(process.wait())
        raise
    return _result(job, said, complaint)


def _result(job: str, said: bytes, complaint: bytes) -> Any:
    try:
        outcome = json.loads(said)
    except ValueError:
        last = complaint.decode(errors="replace").strip()[-400:]
        raise EngineError(f"storage driver vfs: {job} ended with: {last}") from None
    if "error" in outcome:
        raise EngineError(f"storage driver vfs: {job}: {outcome['error']}")
    return outcome["result"]
