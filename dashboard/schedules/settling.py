"""What follows from the end of a saved build's run: its bases are watched, its containers are redeployed."""

from datetime import datetime

from asgiref.sync import async_to_sync
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.http import Http404

from dashboard.access.permissions import Permission
from dashboard.access.rights import rights_of
from dashboard.builds.models import Run
from dashboard.hosts.client import EngineFailure
from dashboard.jobs import door
from dashboard.jobs.actions import enqueue
from dashboard.jobs.models import Job
from dashboard.jobs.origin import By, Origin
from dashboard.jobs.params import Kind, validated
from dashboard.jobs.states import FINAL, State
from dashboard.schedules import watching


def settle_ended(now: datetime) -> list[Run]:
    """See to the runs that have ended since the last round, each once."""
    ended = Run.objects.filter(settled=None, job__state__in=FINAL)
    rows = ended.select_related("job", "build__host", "build__owner", "build__project")
    return [run for run in rows if _settle(run, now)]


def _settle(run: Run, now: datetime) -> bool:
    with transaction.atomic():
        if not Run.objects.filter(pk=run.pk, settled=None).update(settled=now):
            return False
        if run.job.status is State.SUCCEEDED:
            _follow(run, now)
    return True


def _follow(run: Run, now: datetime) -> None:
    defined = run.build.defined
    watching.remember(run, run.job.result.get("bases", ()) if defined.watch else (), now)
    if defined.redeploy:
        try:
            Run.objects.filter(pk=run.pk).update(redeployment=_redeploy(run))
        except (PermissionDenied, Http404, EngineFailure) as refusal:
            Run.objects.filter(pk=run.pk).update(cause=f"{run.cause}; not redeployed: {refusal}"[:500])


def _redeploy(run: Run) -> Job:
    """A job for the containers that run the tags, by the rights of the build's owner. Raises PermissionDenied."""
    build, result = run.build, run.job.result
    rights = rights_of(build.owner)
    params = {
        "references": result["tags"],
        "privileged": rights.has(Permission.PRIVILEGED_RUN, build.host.name),
    }
    admission = _admit(rights, Kind.REDEPLOY, build.host.name, validated(Kind.REDEPLOY, params))
    by = By(Origin(run.job.origin), run.job.origin_name)
    return enqueue(Kind.REDEPLOY, admission.host, build.owner, params, by=by)


_admit = async_to_sync(door.admit)
