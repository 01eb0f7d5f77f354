"""Jobs: ask for one, watch it, cancel it, do it again."""

from collections.abc import AsyncIterator
from http import HTTPStatus
from typing import Annotated, Any, Final
from uuid import UUID

import msgspec
from asgiref.sync import sync_to_async
from django.db.models import Q
from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.utils.dateparse import parse_datetime
from django.utils.translation import gettext as _
from ninja import Header, Query, Status
from redis.exceptions import RedisError

from dashboard.access.permissions import Permission
from dashboard.api import idempotency, ordering, sse
from dashboard.api.principal import principal_of
from dashboard.api.problems import Refusal
from dashboard.api.room import Room
from dashboard.api.schemas.jobs import JobListed, JobShown, JobsQuery, LogQuery
from dashboard.api.schemas.orders import JobOrder
from dashboard.api.schemas.page import Page, decode, encode
from dashboard.jobs import actions
from dashboard.jobs.access import may_stop, seen_by
from dashboard.jobs.models import Job
from dashboard.jobs.output import stream, text
from dashboard.jobs.output.entries import START, EntryId
from dashboard.jobs.output.replay import follow
from dashboard.jobs.params.kind import Kind

room = Room("jobs")
_ASKING: Final = frozenset(kind.permission for kind in Kind)
_TEXT: Final = {"responses": {200: {"content": {"text/plain": {"schema": {"type": "string"}}}}}}
_EVENTS: Final = {"responses": {200: {"content": {sse.MEDIA_TYPE: {"schema": {"type": "string"}}}}}}


@room.operation("GET", "/jobs", needs=Permission.SEE, answers={200: Page[JobListed]})
def list_jobs(request: HttpRequest, query: Query[JobsQuery]) -> dict[str, Any]:
    """List jobs, newest first.

    Those that you asked for, and all of the hosts that you see whole.
    """
    principal = principal_of(request)
    jobs = seen_by(principal.user, principal.rights).filter(_filter(query)).order_by("-created", "-id")
    if query.cursor:
        created, last = decode(query.cursor, _time, UUID)
        jobs = jobs.filter(Q(created__lt=created) | Q(created=created, id__lt=last))
    found = list(jobs.select_related("host", "requested_by").defer("parts", "result")[: query.limit + 1])
    items = found[: query.limit]
    more = len(found) > query.limit
    return {"items": items, "next": encode((items[-1].created.isoformat(), str(items[-1].pk))) if more else None}


@room.operation(
    "POST",
    "/jobs",
    needs=_ASKING,
    answers={202: JobShown},
    refuses=(*ordering.REFUSES, HTTPStatus.REQUEST_ENTITY_TOO_LARGE),
    extra={"requestBody": {"content": {"application/json": {"example": ordering.EXAMPLE}}}},
)
def create(
    request: HttpRequest,
    order: JobOrder,
    idempotency_key: Annotated[str | None, Header(max_length=255, pattern=r"^[\x21-\x7e]+$")] = None,
) -> Status[Job]:
    """Ask for a job.

    It is queued, and done when its host has room for it. With an `Idempotency-Key`, the same request sent again
    answers the same job, for 24 hours. The scope that is needed is that of the kind: pull and run `run`, push and save
    `push`, build and load `build`, exec and commit `exec`, prune `delete`.
    """
    principal = principal_of(request)
    ordered = ordering.admitted(request, order)

    def make() -> Job:
        return ordered.enqueue(principal)

    if idempotency_key is None:
        return Status(202, make())
    return Status(202, idempotency.once(principal.user, idempotency_key, request.body, make))


@room.operation(
    "GET", "/jobs/{uuid:job}", needs=Permission.SEE, answers={200: JobShown}, refuses=[HTTPStatus.NOT_FOUND]
)
def show(request: HttpRequest, job: UUID) -> Job:
    """One job, with its progress and its result."""
    return job_of(request, job)


@room.operation(
    "GET",
    "/jobs/{uuid:job}/log",
    needs=Permission.LOGS,
    answers={200: None},
    refuses=[HTTPStatus.NOT_FOUND, HTTPStatus.SERVICE_UNAVAILABLE],
    extra=_TEXT,
)
async def log(request: HttpRequest, job: UUID, query: Query[LogQuery]) -> HttpResponse:
    """What it has said so far, as text from byte `offset` on.

    `Portside-Log-End` is the offset to go on from. Of a very long log the oldest lines are let go:
    `Portside-Log-Start` is the offset of the first byte of this answer.
    """
    found = await sync_to_async(job_of)(request, job)
    redis = stream.connect()
    try:
        said = (await text.read(redis, found.pk)).after(query.offset)
    except RedisError as error:
        raise Refusal(HTTPStatus.SERVICE_UNAVAILABLE, _("The log is with Redis, which does not answer")) from error
    finally:
        await redis.aclose()
    response = HttpResponse(said.data, content_type="text/plain; charset=utf-8")
    response["Portside-Log-Start"] = str(said.start)
    response["Portside-Log-End"] = str(said.end)
    response["Portside-Job-State"] = found.state
    return response


@room.operation(
    "GET",
    "/jobs/{uuid:job}/events",
    needs=Permission.LOGS,
    answers={200: None},
    refuses=[HTTPStatus.NOT_FOUND],
    extra=_EVENTS,
)
async def events(
    request: HttpRequest,
    job: UUID,
    last_event_id: Annotated[str | None, Header(max_length=40)] = None,
) -> HttpResponseBase:
    """Follow it: server-sent events, until it has ended.

    First `job`, as `GET /jobs/{id}` shows it. Then what it says, from the start or after `Last-Event-ID`: `line`,
    `layer`, `step`, `dropped` and `state`. At last `job` again, with its result.
    """
    found = await sync_to_async(job_of)(request, job)
    try:
        after = EntryId.parse(last_event_id) if last_event_id else START
    except ValueError as error:
        raise Refusal(HTTPStatus.UNPROCESSABLE_ENTITY, str(error)) from error
    return sse.respond(_events(found.pk, after))


@room.operation(
    "POST",
    "/jobs/{uuid:job}/cancel",
    needs=_ASKING,
    answers={202: JobShown},
    refuses=[HTTPStatus.NOT_FOUND, HTTPStatus.CONFLICT],
)
def cancel(request: HttpRequest, job: UUID) -> Status[Job]:
    """Cancel it, at once where it waits, and by its worker where it runs."""
    found = job_of(request, job)
    principal = principal_of(request)
    if not may_stop(principal.user, principal.rights, found):
        raise Refusal(HTTPStatus.FORBIDDEN, _("This is somebody else's job"))
    actions.cancel(found, principal.user)
    return Status(202, job_of(request, job))


@room.operation("POST", "/jobs/{uuid:job}/retry", needs=_ASKING, answers={202: JobShown}, refuses=[*ordering.REFUSES])
def retry(request: HttpRequest, job: UUID) -> Status[Job]:
    """Do its work again, as a new job."""
    found = job_of(request, job)
    principal = principal_of(request)
    ordering.admit(request, Kind(found.kind), found.host.name, found.parameters)
    return Status(202, actions.retry(found, principal.user, by=principal.by))


async def _events(job: UUID, after: EntryId) -> AsyncIterator[bytes]:
    yield sse.event("job", await _as_json(job))
    redis = stream.connect()
    try:
        async for batch in follow(redis, job, after):
            for id_, data in batch:
                yield sse.event(_kind_of(data), data, str(id_))
    except RedisError:
        # The client comes back by itself, with the ID that it has seen last.
        return
    finally:
        await redis.aclose()
    yield sse.event("job", await _as_json(job))


def _kind_of(data: bytes) -> str:
    return str(msgspec.json.decode(data, type=_Tagged).type)


class _Tagged(msgspec.Struct):
    type: str


@sync_to_async
def _as_json(job: UUID) -> bytes:
    found = Job.objects.select_related("host", "requested_by").get(pk=job)
    return JobShown.from_orm(found).model_dump_json().encode()


def job_of(request: HttpRequest, job: UUID) -> Job:
    """The job, if whoever asks may know of it. Raises Http404."""
    principal = principal_of(request)
    jobs = seen_by(principal.user, principal.rights).select_related("host", "requested_by")
    found = jobs.filter(pk=job).first()
    if found is None:
        raise Http404(_("No such job: %(id)s") % {"id": job})
    return found


def _filter(query: JobsQuery) -> Q:
    wanted = Q()
    if query.state:
        wanted &= Q(state__in=query.state)
    if query.kind:
        wanted &= Q(kind__in=query.kind)
    if query.host is not None:
        wanted &= Q(host__name=query.host)
    if query.origin is not None:
        wanted &= Q(origin=query.origin)
    return wanted


def _time(text: str) -> Any:
    found = parse_datetime(text)
    if found is None or found.tzinfo is None:
        raise ValueError(text)
    return found
