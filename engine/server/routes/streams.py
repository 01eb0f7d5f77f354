"""What flows in and out of containers: attach, logs, and the wait for their end."""

from collections.abc import AsyncIterator

import msgspec
from aiohttp import web

from engine.container.container import WaitCondition, WaitResult
from engine.container.logs import LogOptions
from engine.container.service import AttachOptions
from engine.container.streams import Chunk
from engine.errors import InvalidParameter
from engine.server import stdcopy, websocket
from engine.server.detach import parse_keys
from engine.server.hijack import hijack, stream_type
from engine.server.lasting import lasting
from engine.server.replies import JSON
from engine.server.requests import flag, number, word
from engine.server.services import services
from engine.server.times import nanoseconds

routes = web.RouteTableDef()


@routes.post("/containers/{id}/attach")
async def attach(request: web.Request) -> web.StreamResponse:
    keys = parse_keys(word(request, "detachKeys"))
    session = await services(request).containers.attach(request.match_info["id"], _attach_options(request))
    return await hijack(request, session, detach_keys=keys)


@routes.get("/containers/{id}/attach/ws")
async def attach_websocket(request: web.Request) -> web.StreamResponse:
    keys = parse_keys(word(request, "detachKeys"))
    websocket.check_handshake(request)
    session = await services(request).containers.attach(request.match_info["id"], _attach_options(request))
    return await websocket.converse(request, session, detach_keys=keys)


@routes.get("/containers/{id}/logs")
async def logs(request: web.Request) -> web.StreamResponse:
    containers, ref = services(request).containers, request.match_info["id"]
    tty = containers.is_tty(ref)
    return await send_log(request, containers.logs(ref, log_options(request)), tty=tty)


async def send_log(request: web.Request, chunks: AsyncIterator[Chunk], *, tty: bool) -> web.StreamResponse:
    """Stream a log as Docker's clients read it: framed, or as it is where a terminal wrote it."""
    response = web.StreamResponse(headers={"Content-Type": stream_type(request, tty=tty)})
    with lasting(request):
        await response.prepare(request)
        async for chunk in chunks:
            await response.write(chunk.data if tty else stdcopy.encode(chunk))
    return response


@routes.post("/containers/{id}/wait")
async def wait(request: web.Request) -> web.StreamResponse:
    """The headers go out as soon as the wait stands: `docker run` starts the container only then."""
    future = services(request).containers.wait(request.match_info["id"], _condition(request))
    response = web.StreamResponse(headers={"Content-Type": JSON})
    with lasting(request):
        await response.prepare(request)
        await response.write(_wait_answer(await future))
    return response


def _attach_options(request: web.Request) -> AttachOptions:
    return AttachOptions(
        stdin=flag(request, "stdin"),
        stdout=flag(request, "stdout"),
        stderr=flag(request, "stderr"),
        stream=flag(request, "stream"),
        logs=flag(request, "logs"),
    )


def _condition(request: web.Request) -> WaitCondition:
    text = word(request, "condition") or "not-running"
    try:
        return WaitCondition(text)
    except ValueError:
        raise InvalidParameter(f'invalid condition: "{text}"') from None


def _wait_answer(result: WaitResult) -> bytes:
    answer: dict[str, object] = {"StatusCode": result.status_code}
    if result.error is not None:
        answer["Error"] = {"Message": result.error}
    return msgspec.json.encode(answer) + b"\n"


def log_options(request: web.Request) -> LogOptions:
    return LogOptions(
        stdout=flag(request, "stdout"),
        stderr=flag(request, "stderr"),
        follow=flag(request, "follow"),
        timestamps=flag(request, "timestamps"),
        since=nanoseconds(word(request, "since"), "since"),
        until=nanoseconds(word(request, "until"), "until"),
        tail=_tail(request),
        details="" if flag(request, "details") else None,
    )


def _tail(request: web.Request) -> int | None:
    """How many lines; None for all, which some clients write as -1."""
    if request.query.get("tail") == "all":
        return None
    lines = number(request, "tail")
    return None if lines is None or lines < 0 else lines
