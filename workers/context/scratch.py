"""Where a job makes its files: a folder of its own, which it, its next attempt or the reaper removes."""

import asyncio
import os
import shutil
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from uuid import UUID

from dashboard.jobs.models import Job
from dashboard.jobs.states import ACTIVE


def root() -> Path:
    """One for each user of the machine; a stranger who took the name is refused."""
    path = Path(tempfile.gettempdir(), f"portside-work-{os.geteuid()}")
    path.mkdir(mode=0o700, exist_ok=True)
    if (state := path.lstat()).st_uid != os.geteuid() or state.st_mode & 0o077:
        raise PermissionError(f"{path} is not ours alone")
    return path


@asynccontextmanager
async def folder_of(job: UUID) -> AsyncIterator[Path]:
    """An empty folder; what an attempt that was killed left there is removed first."""
    folder = root() / str(job)
    await asyncio.to_thread(shutil.rmtree, folder, ignore_errors=True)
    folder.mkdir(mode=0o700)
    try:
        yield folder
    finally:
        await asyncio.to_thread(shutil.rmtree, folder, ignore_errors=True)


def sweep() -> None:
    """Remove the folders of jobs that are over: their workers were killed."""
    for folder in root().iterdir():
        try:
            is_alive = Job.objects.filter(pk=UUID(folder.name), state__in=ACTIVE).exists()
        except ValueError:
            continue
        if not is_alive:
            shutil.rmtree(folder, ignore_errors=True)
