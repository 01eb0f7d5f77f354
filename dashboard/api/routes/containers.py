"""Containers: list, inspect, run, act, read their logs and figures, run a program in one."""

from collections.abc import AsyncIterator
from http import HTTPStatus
from typing import Annotated, Any, Final

from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.utils.translation import gettext as _
from ninja import Path, Query, Status

from dashboard.access.decision import visible
from dashboard.access.objects import Kind
from dashboard.access.permissions import Permission
from dashboard.api import ordering
from dashboard.api.access import host_for, object_for
from dashboard.api.principal import principal_of
from dashboard.api.problems import Refusal
from dashboard.api.room import BY_THE_ENGINE, Room
from dashboard.api.schemas.containers import (
    ContainerListed,
    ContainersQuery,
    ExecAnswer,
    ExecOrder,
    HostQuery,
    LogQuery,
    RemoveQuery,
)
from dashboard.api.schemas.jobs import JobShown
from dashboard.api.schemas.orders import RunBody
from dashboard.api.schemas.page import Page, paged
from dashboard.audit.requests import note
from dashboard.containers import actions
from dashboard.containers.logs.text import read_log
from dashboard.containers.oneshot import Program, TookTooLong, execute
from dashboard.containers.queries import list_containers
from dashboard.containers.summary import Summary
from dashboard.hosts.client import engine
from dashboard.jobs.models import Job
from dashboard.jobs.params.words import Container

room = Room("containers")
Id = Annotated[Container, Path(description="Its name, its ID, or the beginning of its ID")]
_TEXT: Final = {"responses": {200: {"content": {"text/plain": {"schema": {"type": "string"}}}}}}
#: What is done at once and takes nothing away.
_ACTIONS: Final = tuple(action for action in actions.Action if action is not actions.Action.REMOVE)


@room.operation("GET", "/containers", needs=Permission.SEE, answers={200: Page[ContainerListed]}, refuses=BY_THE_ENGINE)
async def list_all(request: HttpRequest, query: Query[ContainersQuery]) -> dict[str, Any]:
    """List containers, stopped ones too, newest first."""
    host = await host_for(request, Permission.SEE, query.host, for_parts=True)
    found = await list_containers(host, **({"label": query.label} if query.label else {}))
    rights = principal_of(request).rights
    mine = await visible(rights, host, Kind.CONTAINER, found, _id_of, need=Permission.SEE)
    return paged([one for one in mine if _is_wanted(one, query)], _newest_first, query)


@room.operation("POST", "/containers", needs=Permission.RUN, answers={202: JobShown}, refuses=ordering.REFUSES)
def run(request: HttpRequest, order: RunBody) -> Status[Job]:
    """Run a container: a job of kind `run`, which pulls the image where it is missing."""
    return Status(202, ordering.admitted(request, order.as_order()).enqueue(principal_of(request)))


@room.operation(
    "GET", "/containers/{container}", needs=Permission.SEE, answers={200: dict[str, Any]}, refuses=BY_THE_ENGINE
)
async def inspect(request: HttpRequest, container: Id, query: Query[HostQuery]) -> Any:
    """One container, as `docker inspect` shows it."""
    host, found = await object_for(request, Permission.SEE, query.host, Kind.CONTAINER, container)
    async with engine(host) as docker:
        return await docker.containers.container(found).show()


@room.operation(
    "DELETE", "/containers/{container}", needs=Permission.DELETE, answers={204: None}, refuses=BY_THE_ENGINE
)
async def remove(request: HttpRequest, container: Id, query: Query[RemoveQuery]) -> Status[None]:
    """Remove it and its anonymous volumes. One that runs only with `force`."""
    host, found = await object_for(request, Permission.DELETE, query.host, Kind.CONTAINER, container)
    async with engine(host) as docker:
        await docker.containers.container(found).delete(force=query.force, v=True)
    return Status(204, None)


@room.operation(
    "GET",
    "/containers/{container}/logs",
    needs=Permission.LOGS,
    answers={200: None},
    refuses=BY_THE_ENGINE,
    extra=_TEXT,
)
async def logs(request: HttpRequest, container: Id, query: Query[LogQuery]) -> HttpResponseBase:
    """Its log as text, standard output and error together; with `follow` until it ends."""
    host, found = await object_for(request, Permission.LOGS, query.host, Kind.CONTAINER, container)
    lines = read_log(host, found, query.params())
    first = await anext(lines, b"")  # here an engine that refuses still becomes a status
    if query.follow:
        return StreamingHttpResponse(_from(first, lines), content_type="text/plain; charset=utf-8")
    said = b"".join([part async for part in _from(first, lines)])
    return HttpResponse(said, content_type="text/plain; charset=utf-8")


@room.operation(
    "GET", "/containers/{container}/stats", needs=Permission.SEE, answers={200: dict[str, Any]}, refuses=BY_THE_ENGINE
)
async def stats(request: HttpRequest, container: Id, query: Query[HostQuery]) -> Any:
    """What it uses now: processor, memory, network, disk, as the engine counts it."""
    host, found = await object_for(request, Permission.SEE, query.host, Kind.CONTAINER, container)
    async with engine(host) as docker:
        answer: Any = await docker.containers.container(found).stats(stream=False)
    return answer[0] if isinstance(answer, list) else answer


@room.operation(
    "POST",
    "/containers/{container}/exec",
    needs=Permission.EXEC,
    answers={200: ExecAnswer},
    refuses=[*BY_THE_ENGINE, HTTPStatus.GATEWAY_TIMEOUT],
)
async def execute_once(request: HttpRequest, container: Id, order: ExecOrder) -> dict[str, Any]:
    """Run a program in it and wait for its end.

    What takes longer than `timeout` seconds goes on, and is answered with 504; that is for a job of kind `exec`.
    """
    host, found = await object_for(request, Permission.EXEC, order.host, Kind.CONTAINER, container)
    program = Program(order.argv, order.environment, order.working_dir, order.user)
    try:
        note(request, argv=list(order.argv))
        ended = await execute(host, found, program, seconds=order.timeout)
    except TookTooLong as error:
        raise Refusal(HTTPStatus.GATEWAY_TIMEOUT, _("The program still runs; its output is lost")) from error
    return {
        "exit_code": ended.exit_code,
        "stdout": ended.stdout.decode(errors="replace"),
        "stderr": ended.stderr.decode(errors="replace"),
        "truncated": ended.is_truncated,
    }


@room.operation(
    "POST", "/containers/{container}/{action}", needs=Permission.RUN, answers={204: None}, refuses=BY_THE_ENGINE
)
async def act(
    request: HttpRequest, container: Id, action: Annotated[actions.Action, Path()], query: Query[HostQuery]
) -> Status[None]:
    """Start, stop, restart or kill it, and answer when that is done."""
    needed = Permission.RUN if action in _ACTIONS else Permission.DELETE
    host, found = await object_for(request, needed, query.host, Kind.CONTAINER, container)
    await actions.perform(host, found, action)
    return Status(204, None)


def _id_of(container: Summary) -> str:
    return container.id


def _newest_first(container: Summary) -> tuple[int, str]:
    return -int(container.created.timestamp()), container.id


def _is_wanted(container: Summary, query: ContainersQuery) -> bool:
    return (not query.state or container.state in query.state) and (query.name or "") in container.name


async def _from(first: bytes, rest: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    yield first
    async for part in rest:
        yield part
