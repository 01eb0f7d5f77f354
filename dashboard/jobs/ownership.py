"""What a job made becomes its project's."""

from collections.abc import Mapping
from typing import Any, Final
from uuid import UUID

from dashboard.access.models import Owned
from dashboard.access.objects import Kind
from dashboard.jobs.models import Job

#: The parts of a result that name an object by its ID.
_MADE: Final = {"container": Kind.CONTAINER, "image": Kind.IMAGE}


def settle(job_id: UUID, result: Mapping[str, Any]) -> None:
    """Write down that the job's project, if it has one, owns what `result` names."""
    job = Job.objects.select_related("host", "project").get(pk=job_id)
    if job.project is None:
        return
    for name, kind in _MADE.items():
        if made := result.get(name):
            Owned.objects.get_or_create(project=job.project, host=job.host, kind=kind, object_id=made)
