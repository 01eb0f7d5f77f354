"""`docker commit` as a job. The image's comment names the job, by which a further attempt knows what was made."""

from http import HTTPStatus
from typing import Any
from urllib.parse import quote

from aiodocker import Docker
from aiodocker.exceptions import DockerError

from dashboard.hosts.client import engine
from dashboard.jobs.output.entries import Level
from dashboard.jobs.params.images import CommitParams
from dashboard.jobs.params.kind import Kind
from workers import job
from workers.app import app
from workers.push import split
from workers.requests import request
from workers.work import Attempt


class Commit:
    """Undone, it takes the name away from the image that this job made; one that another job made keeps it."""

    leaves_traces = True

    async def do(self, attempt: Attempt[CommitParams]) -> dict[str, Any]:
        reference = attempt.params.reference
        async with engine(attempt.host) as docker:
            image = await _made(docker, attempt)
            if image is None:
                image = await _commit(docker, attempt)
            else:
                attempt.out.line("The attempt before has made it", Level.NOTICE)
        attempt.out.line(f"Committed {attempt.params.container} as {reference} ({image[:19]})", Level.NOTICE)
        return {"image": image, "reference": reference}

    async def undo(self, attempt: Attempt[CommitParams]) -> None:
        async with engine(attempt.host) as docker:
            if await _made(docker, attempt) is not None:
                await docker.images.delete(quote(attempt.params.reference, safe=""))
                attempt.out.line(f"Removed {attempt.params.reference}", Level.NOTICE)


async def _commit(docker: Docker, attempt: Attempt[CommitParams]) -> str:
    params = attempt.params
    repository, tag = split(params.reference)
    query = {
        "container": params.container,
        "repo": repository,
        "tag": tag,
        "author": params.author,
        "comment": _comment(attempt),
        "pause": "1" if params.pause else "0",
        "changes": "\n".join(params.changes),
    }
    async with request(docker, "POST", "commit", {name: text for name, text in query.items() if text}) as response:
        return str((await response.json(content_type=None))["Id"])


async def _made(docker: Docker, attempt: Attempt[CommitParams]) -> str | None:
    """The ID of the image that this job has made."""
    try:
        shown = await docker.images.inspect(quote(attempt.params.reference, safe=""))
    except DockerError as error:
        if error.status != HTTPStatus.NOT_FOUND:
            raise
        return None
    return str(shown["Id"]) if shown.get("Comment") == _comment(attempt) else None


def _comment(attempt: Attempt[CommitParams]) -> str:
    return f"{attempt.params.comment} (Portside job {attempt.job})".strip()


def commit(job_id: str) -> None:
    job.run(job_id, Commit())


app.task(commit, name=Kind.COMMIT.task)
