"""`docker save` as a job: the images come to rest in a file, to be fetched from the job."""

import asyncio
from typing import Any

from dashboard.hosts.client import engine
from dashboard.jobs import files
from dashboard.jobs.params.images import SaveParams
from dashboard.jobs.params.kind import Kind
from workers import job
from workers.app import app
from workers.requests import request
from workers.work import Attempt, Failed


class Save:
    """Cut off, it leaves a draft, which is removed; done again, it writes the file anew."""

    leaves_traces = True

    async def do(self, attempt: Attempt[SaveParams]) -> dict[str, Any]:
        if not files.is_here():
            raise Failed("This worker is on another machine than the console, which could not give the file out")
        names = [("names", image) for image in attempt.params.images]
        with files.SAVED.writing(attempt.job) as draft:
            async with engine(attempt.host) as docker, request(docker, "GET", "images/get", names) as response:
                async for piece in response.content.iter_chunked(files.PIECE):
                    await asyncio.to_thread(draft.write, piece)
        attempt.out.line(f"Saved {draft.size} bytes, {draft.digest}")
        return {"size": draft.size, "digest": draft.digest}

    async def undo(self, attempt: Attempt[SaveParams]) -> None:
        files.SAVED.path_of(attempt.job).unlink(missing_ok=True)


def save(job_id: str) -> None:
    job.run(job_id, Save())


app.task(save, name=Kind.SAVE.task)
