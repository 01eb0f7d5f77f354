"""`docker pull` as a job. The engine does it as often as it is asked, and what it has it does not fetch again."""

from dataclasses import dataclass
from typing import Any

from dashboard.hosts.client import engine
from dashboard.jobs.params import Kind, PullParams
from workers import job
from workers.app import app
from workers.progress import PullProgress
from workers.work import Attempt


@dataclass(frozen=True)
class Pulled:
    """What the engine has now: the image's ID and the digest of its manifest, both `sha256:…`."""

    image: str
    digest: str


class Pull:
    """Cut off, it closes the request, and with that the engine stops; layers that are complete stay for the next."""

    leaves_traces = False

    async def do(self, attempt: Attempt[PullParams]) -> dict[str, str]:
        params = attempt.params
        pulled = await pull_image(attempt, params.reference, platform=params.platform)
        return {"image": pulled.image, "reference": params.reference, "digest": pulled.digest}

    async def undo(self, attempt: Attempt[PullParams]) -> None:
        """Nothing: an image that is not complete is none."""


async def pull_image(attempt: Attempt[Any], image: str, *, platform: str = "") -> Pulled:
    """Pull `image`, showing each layer on the way. Raises EngineFailure."""
    progress = PullProgress(attempt.out)
    async with engine(attempt.host) as docker:
        async for message in docker.images.pull(image, platform=platform or None, stream=True):
            progress.take(message)
            attempt.progress = progress.percent
        inspected = await docker.images.inspect(image)
    return Pulled(str(inspected["Id"]), progress.digest)


def pull(job_id: str) -> None:
    job.run(job_id, Pull())


app.task(pull, name=Kind.PULL.task)
