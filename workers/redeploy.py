"""Containers made anew from a newer image, one at a time; the old one comes back where the new one is no good.

Which containers, and which of them are done, is kept in the job's row. In between, the engine itself tells how far one
is: the old one gives its name away before the new one, which carries a label with the job and the old one's ID, is made
under it; and it is removed last. So another attempt, or the undoing, finds its way from any point.
"""

from typing import Any

from aiodocker import Docker
from asgiref.sync import sync_to_async

from dashboard.access.ownership import hand_over
from dashboard.hosts.client import engine
from dashboard.jobs.output.entries import Level
from dashboard.jobs.params.kind import Kind
from dashboard.jobs.params.redeploy import RedeployParams
from workers import job
from workers.app import app
from workers.succession import Succession, Unfit
from workers.successors import choose
from workers.work import Attempt, Failed


class Redeploy:
    """Undone, it brings back the old container of the one replacement that was not over; those that are, stay."""

    leaves_traces = True

    async def do(self, attempt: Attempt[RedeployParams]) -> dict[str, Any]:
        async with engine(attempt.host) as docker:
            if "todo" not in attempt.result:
                todo, left = await choose(docker, attempt.params)
                await attempt.keep(todo=todo, left=left, redeployed={})
                _tell(attempt, todo, left)
            for place, (old, name) in enumerate(_pending(attempt)):
                await _replace(docker, attempt, old, name)
                attempt.progress = 100 * (place + 1) // len(attempt.result["todo"])
        return {"redeployed": attempt.result["redeployed"], "left": attempt.result["left"]}

    async def undo(self, attempt: Attempt[RedeployParams]) -> None:
        async with engine(attempt.host) as docker:
            for old, name in _pending(attempt):
                begun = old == attempt.result.get("current")
                if begun and await Succession(docker, attempt.job, old, name).roll_back():
                    attempt.out.line(f"{name} is the old container again", Level.NOTICE)


async def _replace(docker: Docker, attempt: Attempt[RedeployParams], old: str, name: str) -> None:
    """Raises Failed, after the old container runs again."""
    succession = Succession(docker, attempt.job, old, name)
    # Those that nobody has touched yet are none of the undoing's business.
    await attempt.keep(current=old)
    attempt.out.line(f"{name}: the old container is {old[:12]}", Level.NOTICE)
    try:
        made = await succession.go_on(attempt.params.patience, attempt.params.settling)
    except Unfit as unfit:
        for line in unfit.log:
            attempt.out.line(line, Level.OUT)
        await succession.roll_back()
        raise Failed(f"{name}: {unfit}; the old container runs again") from unfit
    await sync_to_async(hand_over)(attempt.host, old, made)
    await succession.finish()
    await attempt.keep(redeployed=attempt.result["redeployed"] | {name: made})
    attempt.out.line(f"{name}: {made[:12]} has taken its place", Level.NOTICE)


def _pending(attempt: Attempt[RedeployParams]) -> list[tuple[str, str]]:
    """(ID, name) of the containers whose replacement is not over."""
    result = attempt.result
    return [(old, name) for old, name in result.get("todo", {}).items() if name not in result["redeployed"]]


def _tell(attempt: Attempt[RedeployParams], todo: dict[str, str], left: dict[str, str]) -> None:
    for name, why in left.items():
        attempt.out.line(f"{name} is left alone: {why}", Level.NOTICE)
    if not todo:
        attempt.out.line("No container runs an older image of this name", Level.NOTICE)


def redeploy(job_id: str) -> None:
    job.run(job_id, Redeploy())


app.task(redeploy, name=Kind.REDEPLOY.task)
