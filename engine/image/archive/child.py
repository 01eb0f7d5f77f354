"""Starting the programs of this folder."""

import asyncio
import contextlib
import os
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import engine


@asynccontextmanager
async def child(module: str, *arguments: str, **streams: Any) -> AsyncIterator[asyncio.subprocess.Process]:
    """Run `python -m engine.image.archive.<module>` with these standard streams; it is over when the block is:
    by itself, or killed when the block fails.

    Its environment holds nothing but the way to the code.
    """
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-P", "-s", "-B", "-m", f"engine.image.archive.{module}", *arguments),
        env={"PYTHONPATH": str(Path(engine.__file__).parent.parent), "LC_ALL": "C.UTF-8"},
        cwd="/",
        limit=1 << 20,
        **streams,
    )
    try:
        yield process
    except BaseException:
        if process.returncode is None:
            # Not `Process.kill`, which looks after the child first and so takes its end away from the event loop.
            with contextlib.suppress(ProcessLookupError):
                os.kill(process.pid, signal.SIGKILL)
        raise
    finally:
        await asyncio.shield(process.wait())


def parent() -> str:
    """The process that a child dies with."""
    return str(os.getpid())
