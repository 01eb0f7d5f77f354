"""`docker build` as a job, and the pushes after it. What has been built is kept: a further attempt only pushes."""

import asyncio
import json
from collections.abc import Iterable
from typing import Any, Final

from dashboard.builds.bases import bases_of
from dashboard.hosts.client import EngineFailure, engine
from dashboard.jobs import files
from dashboard.jobs.output.entries import Level
from dashboard.jobs.params.build import COMMIT, BuildParams
from dashboard.jobs.params.kind import Kind
from workers import job
from workers.app import app
from workers.context import Context, context_of
from workers.context.dockerfile import text_in
from workers.push import push_image
from workers.requests import NO_CREDENTIALS, Params, messages, request
from workers.steps import BuildProgress
from workers.work import Attempt, Failed

#: Digits of a commit in a tag.
COMMIT_LENGTH: Final = 12


class Build:
    """Cut off, it closes the request, and with that the engine stops; steps that are done are cached for the next."""

    leaves_traces = False

    async def do(self, attempt: Attempt[BuildParams]) -> dict[str, Any]:
        params = attempt.params
        if not await _is_built(attempt):
            await attempt.keep(image=await _build(attempt))
        tags = tags_of(attempt)
        result = {**attempt.result, "tags": tags}
        if params.push:
            result["digests"] = {tag: await push_image(attempt, tag) for tag in tags}
            result["digest"] = result["digests"][tags[0]]
        return result

    async def undo(self, attempt: Attempt[BuildParams]) -> None:
        """Nothing: a build that is not complete has no name."""


async def _is_built(attempt: Attempt[BuildParams]) -> bool:
    """Whether an attempt before this one built it, and every tag is its image's still."""
    built = attempt.result.get("image")
    if built is None:
        return False
    async with engine(attempt.host) as docker:
        for tag in tags_of(attempt):
            if (await docker.images.inspect(tag))["Id"] != built:
                raise Failed(f"{tag} has become another image since it was built; nothing was pushed")
    attempt.out.line("The attempt before has built it", Level.NOTICE)
    return True


async def _build(attempt: Attempt[BuildParams]) -> str:
    """The ID of the image. Raises EngineFailure and Failed."""
    progress = BuildProgress(attempt.out)
    headers = {"Content-Type": "application/x-tar", "X-Registry-Config": NO_CREDENTIALS["X-Registry-Auth"]}
    try:
        async with context_of(attempt) as context, engine(attempt.host) as docker:
            await _keep_origin(attempt, context)
            wanted = query(attempt.params, tags_of(attempt))
            body = files.pieces(context.path)
            async with request(docker, "POST", "build", wanted, data=body, headers=headers) as response:
                async for message in messages(response):
                    progress.take(message)
                    attempt.progress = progress.percent
    except EngineFailure:
        progress.end(failed=True)
        if progress.failed_step:
            await attempt.keep(failed_step=progress.failed_step)
        raise
    progress.end()
    if not progress.image:
        raise Failed("The engine ended the build without naming an image")
    return progress.image


async def _keep_origin(attempt: Attempt[BuildParams], context: Context) -> None:
    """What it is made from: the commit, and the images that its Dockerfile names, for those who watch them."""
    params = attempt.params
    text = await asyncio.to_thread(text_in, context.path, params.dockerfile)
    made_from: dict[str, Any] = {"bases": bases_of(text, params.build_args)}
    if context.commit:
        made_from["commit"] = context.commit
    await attempt.keep(**made_from)


def tags_of(attempt: Attempt[BuildParams]) -> list[str]:
    """Its tags, with the commit in its place once that is known."""
    commit = str(attempt.result.get("commit", ""))[:COMMIT_LENGTH]
    return [tag.replace(COMMIT, commit) for tag in attempt.params.tags]


def query(params: BuildParams, tags: Iterable[str]) -> Params:
    """As `POST /build` takes it."""
    pairs = [
        ("dockerfile", params.dockerfile),
        ("buildargs", json.dumps(params.build_args)),
        ("labels", json.dumps(params.labels)),
        ("rm", "1"),
        ("forcerm", "1"),
        # Beyond Docker, whose engine takes no notice: what a step that failed had written can be looked into.
        ("keepfailed", "1"),
        *(("t", tag) for tag in tags),
    ]
    optional = {
        "target": params.target,
        "platform": params.platform,
        "nocache": "1" if params.no_cache else "",
        "pull": "1" if params.pull else "",
    }
    return pairs + [(name, text) for name, text in optional.items() if text]


def build(job_id: str) -> None:
    job.run(job_id, Build())


app.task(build, name=Kind.BUILD.task)
