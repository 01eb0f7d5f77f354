"""What is due by the clock, and done."""

from datetime import datetime, timedelta
from typing import Final

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.utils.translation import gettext as _

from dashboard.builds import running
from dashboard.builds.models import Run
from dashboard.jobs.origin import By, Origin
from dashboard.schedules.models import Missed, Schedule

#: What is later than that was missed: somebody had stopped Portside, or its machine.
LATE: Final = timedelta(minutes=5)


def run_due(now: datetime) -> list[Run]:
    """Run what is due, each once, whoever else looks at the same time."""
    due = Schedule.objects.filter(is_paused=False, due__lte=now)
    found = [_run(schedule, now) for schedule in due.select_related("build__host", "build__owner", "build__project")]
    return [run for run in found if run is not None]


def _run(schedule: Schedule, now: datetime) -> Run | None:
    """The run, and with it in one transaction the next time: killed in between, none of both is there."""
    held, planned = schedule.due, schedule.planned
    with transaction.atomic():
        schedule.plan(now)
        mine = Schedule.objects.filter(pk=schedule.pk, due=held, is_paused=False)
        if not mine.update(due=schedule.due, planned=schedule.planned):
            return None
        run, told = _begin(schedule, planned, is_late=now - held > LATE)
        Schedule.objects.filter(pk=schedule.pk).update(told=told[:500])
    return run


def _begin(schedule: Schedule, planned: datetime, *, is_late: bool) -> tuple[Run | None, str]:
    build, when = schedule.build, f"{planned:%Y-%m-%d %H:%M} UTC"
    if is_late and schedule.missed == Missed.SKIP:
        return None, _("%(when)s was missed, and skipped") % {"when": when}
    if running.is_busy(build):
        return None, _("At %(when)s the run before was not over yet") % {"when": when}
    try:
        admission = running.admitted_by_owner(build)
    except PermissionDenied as refusal:
        return None, _("Not run at %(when)s: %(why)s") % {"when": when, "why": refusal}
    cause = _("Scheduled for %(when)s") % {"when": when}
    by = By(Origin.SCHEDULE, build.name)
    return running.start(build, admission, build.owner, by=by, cause=cause), _("Run at %(when)s") % {"when": when}
