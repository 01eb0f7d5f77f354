"""`docker … prune` as a job. Done again it finds less to do; what it removed it can't bring back."""

from typing import Any, Final

from django.template.defaultfilters import filesizeformat

from dashboard.hosts.client import engine
from dashboard.jobs.params.kind import Kind
from dashboard.jobs.params.prune import Prunable, PruneParams
from workers import job
from workers.app import app
from workers.requests import request
from workers.work import Attempt

#: Where each answer lists what was removed.
_REMOVED: Final = {
    Prunable.CONTAINERS: "ContainersDeleted",
    Prunable.IMAGES: "ImagesDeleted",
    Prunable.NETWORKS: "NetworksDeleted",
    Prunable.VOLUMES: "VolumesDeleted",
}
#: Also images that have a name, where no container uses them.
_ALL_IMAGES: Final = '{"dangling": ["false"]}'


class Prune:
    """Containers first: images, networks and volumes are in use for as long as a stopped container names them."""

    leaves_traces = False

    async def do(self, attempt: Attempt[PruneParams]) -> dict[str, Any]:
        wanted = [each for each in Prunable if each in attempt.params.objects]
        removed, reclaimed = {}, 0
        for number, each in enumerate(wanted):
            found = await _prune(attempt, each)
            names = found.get(_REMOVED[each]) or []
            removed[each.value] = len(names)
            reclaimed += int(found.get("SpaceReclaimed") or 0)
            attempt.progress = 100 * (number + 1) // (len(wanted) + 1)
            attempt.out.line(f"{each.value}: {len(names)} removed")
        attempt.out.line(f"Reclaimed {filesizeformat(reclaimed)}")
        return {"removed": removed, "reclaimed": reclaimed}

    async def undo(self, attempt: Attempt[PruneParams]) -> None:
        """Nothing can be brought back."""


async def _prune(attempt: Attempt[PruneParams], what: Prunable) -> dict[str, Any]:
    params = {"filters": _ALL_IMAGES} if what is Prunable.IMAGES and attempt.params.all_images else {}
    async with engine(attempt.host) as docker, request(docker, "POST", f"{what.value}/prune", params) as response:
        found: dict[str, Any] = await response.json(content_type=None)
    return found


def prune(job_id: str) -> None:
    job.run(job_id, Prune())


app.task(prune, name=Kind.PRUNE.task)
