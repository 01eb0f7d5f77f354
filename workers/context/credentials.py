"""What opens a repository."""

from uuid import UUID

from asgiref.sync import sync_to_async

from dashboard.builds import tokens
from dashboard.sealing import Unreadable
from workers.work import Failed


async def token_for(job: UUID, url: str) -> str:
    """The token of the saved build that the job is a run of; empty for none. Raises Failed."""
    try:
        return await sync_to_async(tokens.token_for)(job, url)
    except Unreadable as error:
        raise Failed(f"The repository's token can't be opened on this worker's machine: {error}") from error
