"""`docker load` as a job. An image is named by its content: loaded again, nothing changes."""

import re
from typing import Any, Final

from dashboard.hosts.client import engine
from dashboard.jobs import files
from dashboard.jobs.params.images import LoadParams
from dashboard.jobs.params.kind import Kind
from workers import job
from workers.app import app
from workers.progress import PullProgress
from workers.requests import messages, request
from workers.work import Attempt, Failed

_LOADED: Final = re.compile(r"Loaded image(?: ID)?: (\S+)")


class Load:
    """Cut off, it closes the request, and with that the engine stops; images that are complete stay."""

    leaves_traces = False

    async def do(self, attempt: Attempt[LoadParams]) -> dict[str, Any]:
        path = files.UPLOADS.path_of(attempt.params.archive)
        if not path.exists():
            raise Failed(f"Archive {attempt.params.archive} is not kept (any more) on this worker's machine")
        progress, loaded = PullProgress(attempt.out), []
        headers = {"Content-Type": "application/x-tar"}
        async with (
            engine(attempt.host) as docker,
            request(
                docker, "POST", "images/load", {"quiet": "1"}, data=files.pieces(path), headers=headers
            ) as response,
        ):
            async for message in messages(response):
                if "stream" in message:
                    attempt.out.line(str(message["stream"]))
                    loaded += _LOADED.findall(str(message["stream"]))
                else:
                    progress.take(message)
        return {"images": loaded}

    async def undo(self, attempt: Attempt[LoadParams]) -> None:
        """Nothing: an image that is not complete is none."""


def load(job_id: str) -> None:
    job.run(job_id, Load())


app.task(load, name=Kind.LOAD.task)
