"""`docker run -d` as a job: pull where the image is missing, create, start. However often it is begun, one container.

Three things see to that: the container's name is settled before the job is queued, and an engine gives a name once;
the container carries the job's ID as a label, by which every try finds what was made; and what was made is kept in
the job's row, so that a container which ran and removed itself (`--rm`) is not run again.
"""

import asyncio
from typing import Final

from aiodocker import Docker
from aiodocker.containers import DockerContainer
from aiodocker.exceptions import DockerError

from dashboard.hosts.client import EngineFailure, engine
from dashboard.jobs.creation import LABEL, body
from dashboard.jobs.output.entries import Level
from dashboard.jobs.params import Kind, RunParams
from workers import job
from workers.app import app
from workers.pull import pull_image
from workers.work import Attempt

#: Seconds to wait, when told to let go, for an engine's answer on whether there is a container now.
ANSWER: Final = 10.0
#: Seconds between two looks at a container that is being removed.
PAUSE: Final = 0.1


class Run:
    """Undone, it removes the container and its anonymous volumes; the image stays, as after `docker run`."""

    leaves_traces = True

    async def do(self, attempt: Attempt[RunParams]) -> dict[str, str]:
        found = await _find(attempt)
        if found is None and "container" in attempt.result:
            _accept_gone(attempt)
        else:
            await _go_on(attempt, found or await _make(attempt))
        return attempt.result

    async def undo(self, attempt: Attempt[RunParams]) -> None:
        async with engine(attempt.host) as docker:
            while containers := await _labelled(docker, attempt):
                for container in containers:
                    await _remove(container)
                    attempt.out.line(f"Removed container {container.id[:12]}", Level.NOTICE)
        attempt.result.clear()


async def _find(attempt: Attempt[RunParams]) -> DockerContainer | None:
    """The container that an attempt before this one made, as the engine lists it."""
    async with engine(attempt.host) as docker:
        return next(iter(await _labelled(docker, attempt)), None)


async def _labelled(docker: Docker, attempt: Attempt[RunParams]) -> list[DockerContainer]:
    filters = f'{{"label": ["{LABEL}={attempt.job}"]}}'
    return await docker.containers.list(all="true", filters=filters)


async def _go_on(attempt: Attempt[RunParams], container: DockerContainer) -> None:
    """Start the container, unless an attempt before this one did. What there is, is kept first."""
    await attempt.keep(container=container.id, name=attempt.params.name, image=container["ImageID"])
    if container["State"] != "created":
        attempt.out.line(f"Container {container.id[:12]} had been started already", Level.NOTICE)
        return
    async with engine(attempt.host) as docker:
        await docker.containers.container(container.id).start()
    attempt.out.line(f"Started container {attempt.params.name} ({container.id[:12]})", Level.NOTICE)


def _accept_gone(attempt: Attempt[RunParams]) -> None:
    """The container was made and is not there. With `--rm` that is its natural end."""
    container = attempt.result["container"][:12]
    if not attempt.params.auto_remove:
        raise EngineFailure(f"Container {container}, which this job had made, has been removed meanwhile", 409)
    attempt.out.line(f"Container {container} has run and removed itself", Level.NOTICE)


async def _make(attempt: Attempt[RunParams]) -> DockerContainer:
    """Create the container, pulling its image where the engine has none; it is answered as the engine lists it."""
    async with engine(attempt.host) as docker:
        try:
            await _create(docker, attempt)
        except DockerError as error:
            if error.status != 404:
                raise
            attempt.out.line(error.message, Level.NOTICE)
            await pull_image(attempt, attempt.params.image)
            await _create(docker, attempt)
        return await _only(docker, attempt)


async def _only(docker: Docker, attempt: Attempt[RunParams]) -> DockerContainer:
    """The container that has just been created; somebody else may have been quick, and removed it."""
    for container in await _labelled(docker, attempt):
        return container
    raise EngineFailure(f"Container {attempt.params.name} was removed before it could be started", 409)


async def _create(docker: Docker, attempt: Attempt[RunParams]) -> None:
    """Told to let go meanwhile, it waits for the engine's answer: `undo()` must see what there is to remove.

    A name that is taken is no failure where its owner is this job's: an attempt that was taken for dead lives yet.
    """
    params = attempt.params
    creating = asyncio.get_running_loop().create_task(
        docker.containers.create(body(params, attempt.job, attempt.project), name=params.name),
        name=f"create {params.name}",
    )
    try:
        await asyncio.shield(creating)
    except asyncio.CancelledError:
        await asyncio.wait({creating}, timeout=ANSWER)
        creating.cancel()
        raise
    except DockerError as error:
        if error.status != 409 or not await _labelled(docker, attempt):
            raise


async def _remove(container: DockerContainer) -> None:
    """Idempotent: one that is gone is removed, and one that is just being removed is waited for."""
    try:
        await container.delete(force=True, v=True)
    except DockerError as error:
        if error.status not in {404, 409}:
            raise
        await asyncio.sleep(PAUSE)


def run(job_id: str) -> None:
    job.run(job_id, Run())


app.task(run, name=Kind.RUN.task)
