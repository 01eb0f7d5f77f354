"""`docker push` as a job. A registry that has a layer, or the whole image, is sent nothing."""

from typing import Any
from urllib.parse import quote

from dashboard.hosts.client import engine
from dashboard.jobs.output.entries import Level
from dashboard.jobs.params.images import PushParams
from dashboard.jobs.params.kind import Kind
from workers import job
from workers.app import app
from workers.progress import PullProgress
from workers.requests import NO_CREDENTIALS, messages, request
from workers.work import Attempt, Failed


class Push:
    """Cut off, it closes the request, and with that the engine stops; a manifest is sent last, or not at all.

    What is to be pushed is settled by the first attempt: another one does not send what the name means by then.
    """

    leaves_traces = False

    async def do(self, attempt: Attempt[PushParams]) -> dict[str, Any]:
        reference = attempt.params.reference
        image = await _settled(attempt, reference)
        digest = await push_image(attempt, reference)
        return {"image": image, "reference": reference, "digest": digest}

    async def undo(self, attempt: Attempt[PushParams]) -> None:
        """Nothing: what a registry has of an image that is not complete, it lets go of by itself."""


async def push_image(attempt: Attempt[Any], reference: str) -> str:
    """Push what `reference` names; answers the manifest's digest. Raises EngineFailure."""
    progress = PullProgress(attempt.out)
    repository, tag = split(reference)
    async with (
        engine(attempt.host) as docker,
        request(docker, "POST", f"images/{repository}/push", {"tag": tag}, headers=NO_CREDENTIALS) as response,
    ):
        async for message in messages(response):
            progress.take(message)
            attempt.progress = progress.percent
    return progress.digest


def split(reference: str) -> tuple[str, str]:
    """Repository and tag. A colon before the last slash is a port's."""
    path, slash, last = reference.rpartition("/")
    name, _colon, tag = last.partition(":")
    return f"{path}{slash}{name}", tag or "latest"


async def image_id(attempt: Attempt[Any], reference: str) -> str:
    """The ID of the image that `reference` names now. Raises EngineFailure."""
    async with engine(attempt.host) as docker:
        shown = await docker.images.inspect(quote(reference, safe=""))
    return str(shown["Id"])


async def _settled(attempt: Attempt[PushParams], reference: str) -> str:
    image = await image_id(attempt, reference)
    if "image" not in attempt.result:
        await attempt.keep(image=image)
    elif attempt.result["image"] != image:
        raise Failed(f"{reference} has become another image since this job began; nothing was pushed")
    else:
        attempt.out.line("The attempt before may have pushed it; the registry is asked for what it has", Level.NOTICE)
    return image


def push(job_id: str) -> None:
    job.run(job_id, Push())


app.task(push, name=Kind.PUSH.task)
