"""The tokens by which saved builds reach their repositories: sealed in the database, opened by the worker alone."""

from uuid import UUID

from django.db import transaction

from dashboard.builds.models import Run, SavedBuild
from dashboard.jobs.models import Job
from dashboard.sealing import opened, resealed

#: A retry of a retry of a retry …: after so many nobody looks for the first.
_FURTHEST = 20


def token_for(job: UUID, url: str) -> str:
    """The token for the repository at `url`, where `job` is a run of a saved build of it; empty where there is none.

    Bound to the run and the address: a job that somebody else ordered, or for another place, gets nothing.
    Raises Unreadable.
    """
    build = _build_of(job)
    if build is None or not build.sealed_token or build.repository != url:
        return ""
    return opened(build.sealed_token)


def reseal() -> int:
    """Seal them with the key in use; answers how many there are."""
    count = 0
    for pk in SavedBuild.objects.exclude(sealed_token="").values_list("pk", flat=True):
        with transaction.atomic():
            build = SavedBuild.objects.select_for_update().get(pk=pk)
            SavedBuild.objects.filter(pk=pk).update(sealed_token=resealed(build.sealed_token))
            count += 1
    return count


def _build_of(job: UUID | None) -> SavedBuild | None:
    """The saved build that the job, or the job that it repeats, is a run of."""
    for _step in range(_FURTHEST):
        if job is None:
            return None
        if run := Run.objects.filter(job=job).select_related("build").first():
            return run.build
        job = Job.objects.filter(pk=job).values_list("retry_of", flat=True).first()
    return None
