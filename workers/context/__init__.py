"""What a build is made from: a tar file, from files that came with the job, an upload, or a repository."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from dashboard.jobs.params.build import ArchiveSource, BuildParams, GitSource, InlineSource
from workers.context import archive, git, inline
from workers.context.scratch import folder_of
from workers.work import Attempt


@asynccontextmanager
async def context_of(attempt: Attempt[BuildParams]) -> AsyncIterator[Path]:
    """The context as a tar file, compressed or not, for the length of the block. Raises Failed."""
    async with folder_of(attempt.job) as folder:
        match attempt.params.source:
            case InlineSource() as source:
                yield await inline.packed(source, folder)
            case ArchiveSource() as source:
                yield await archive.packed(source, folder)
            case GitSource() as source:
                yield await git.packed(source, attempt.params.dockerfile, folder, attempt.out)
