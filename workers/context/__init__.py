"""What a build is made from: a tar file, from files that came with the job, an upload, or a repository."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from dashboard.jobs.params.build import ArchiveSource, BuildParams, GitSource, InlineSource
from workers.context import archive, credentials, git, inline
from workers.context.scratch import folder_of
from workers.work import Attempt


@dataclass(frozen=True)
class Context:
    """A tar file, compressed or not. `commit` is the one that it was made from; empty for no repository."""

    path: Path
    commit: str = ""


@asynccontextmanager
async def context_of(attempt: Attempt[BuildParams]) -> AsyncIterator[Context]:
    """The context, for the length of the block. Raises Failed."""
    async with folder_of(attempt.job) as folder:
        match attempt.params.source:
            case InlineSource() as source:
                yield Context(await inline.packed(source, folder))
            case ArchiveSource() as source:
                yield Context(await archive.packed(source, folder))
            case GitSource() as source:
                token = await credentials.token_for(attempt.job, source.url)
                fetching = git.Fetching(source, folder, attempt.out, token)
                yield Context(*await fetching.packed(attempt.params.dockerfile))
