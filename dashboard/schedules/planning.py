"""Writing schedules down. What can't be planned is refused when it is saved."""

from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from django.utils import timezone

from dashboard.builds.models import SavedBuild
from dashboard.schedules.models import Schedule


class NoZone(ValueError):
    """There is no such time zone; the text is for the user."""


def zone_of(name: str) -> ZoneInfo:
    """Raises NoZone. A name comes from outside, and is a path in the zones' directory."""
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise NoZone(f"{name!r} is not a time zone, such as Europe/Berlin") from error


def create(build: SavedBuild, *, cron: str, zone: str, jitter: int, missed: str) -> Schedule:
    """Raises NotCron and NoZone."""
    schedule = Schedule(build=build, cron=cron, zone=zone_of(zone).key, jitter=jitter, missed=missed)
    schedule.plan(timezone.now())
    schedule.save()
    return schedule


def switch(schedule: Schedule, *, is_paused: bool) -> None:
    """Pause it, or let it go on: what its pause has covered counts as neither run nor missed."""
    schedule.is_paused = is_paused
    schedule.plan(timezone.now())
    schedule.save(update_fields=["is_paused", "planned", "due"])
