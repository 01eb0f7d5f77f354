"""When saved builds are run by themselves, and the images whose changes have them run."""

from http import HTTPStatus
from typing import Annotated, Final

from django.http import Http404, HttpRequest
from django.utils.translation import gettext as _
from ninja import Path, Query, Status

from dashboard.access.permissions import Permission
from dashboard.api.problems import Refusal
from dashboard.api.room import Room
from dashboard.api.routes.builds import Name, build_of
from dashboard.api.schemas.containers import HostQuery
from dashboard.api.schemas.schedules import BaseShown, ScheduleOrder, ScheduleShown, Switch
from dashboard.schedules import planning
from dashboard.schedules.cron import NotCron
from dashboard.schedules.models import Base, Schedule

room = Room("schedules")
Number = Annotated[int, Path(ge=1, le=2**31 - 1)]
_GONE: Final = [HTTPStatus.NOT_FOUND]


@room.operation(
    "GET", "/builds/{build}/schedules", needs=Permission.SEE, answers={200: list[ScheduleShown]}, refuses=_GONE
)
def list_schedules(request: HttpRequest, build: Name, query: Query[HostQuery]) -> list[Schedule]:
    """List a saved build's schedules."""
    return list(build_of(request, Permission.SEE, query.host, build).schedules.all())


@room.operation(
    "POST", "/builds/{build}/schedules", needs=Permission.BUILD, answers={201: ScheduleShown}, refuses=_GONE
)
def create(request: HttpRequest, build: Name, query: Query[HostQuery], order: ScheduleOrder) -> Status[Schedule]:
    """Have it run by itself, by the rights of whoever saved it last."""
    found = build_of(request, Permission.BUILD, query.host, build)
    try:
        return Status(201, planning.create(found, **order.dict()))
    except NotCron as error:
        raise Refusal(HTTPStatus.UNPROCESSABLE_ENTITY, str(error), [("body.order.cron", str(error))]) from error
    except planning.NoZone as error:
        raise Refusal(HTTPStatus.UNPROCESSABLE_ENTITY, str(error), [("body.order.zone", str(error))]) from error


@room.operation(
    "PUT",
    "/builds/{build}/schedules/{schedule}/pause",
    needs=Permission.BUILD,
    answers={200: ScheduleShown},
    refuses=_GONE,
)
def pause(request: HttpRequest, build: Name, schedule: Number, query: Query[HostQuery], order: Switch) -> Schedule:
    """Pause it, or let it go on."""
    found = _schedule(request, query.host, build, schedule)
    planning.switch(found, is_paused=order.is_paused)
    return found


@room.operation(
    "DELETE",
    "/builds/{build}/schedules/{schedule}",
    needs=Permission.BUILD,
    answers={204: None},
    refuses=_GONE,
)
def remove(request: HttpRequest, build: Name, schedule: Number, query: Query[HostQuery]) -> Status[None]:
    """Forget it."""
    _schedule(request, query.host, build, schedule).delete()
    return Status(204, None)


@room.operation("GET", "/builds/{build}/bases", needs=Permission.SEE, answers={200: list[BaseShown]}, refuses=_GONE)
def list_bases(request: HttpRequest, build: Name, query: Query[HostQuery]) -> list[Base]:
    """List the images that it was made from, where it is built anew when one moves."""
    return list(build_of(request, Permission.SEE, query.host, build).bases.all())


def _schedule(request: HttpRequest, host: str, build: str, schedule: int) -> Schedule:
    found = build_of(request, Permission.BUILD, host, build).schedules.filter(pk=schedule).first()
    if found is None:
        raise Http404(_("No such schedule: %(id)s") % {"id": schedule})
    return found
