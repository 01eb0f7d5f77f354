"""Exec: further processes in a running container."""

from typing import Any

import msgspec
from aiohttp import web

from engine.container.config import decode
from engine.container.exec_session import ExecRequest
from engine.errors import InvalidParameter
from engine.server import sequence
from engine.server.detach import parse_keys
from engine.server.hijack import hijack
from engine.server.replies import nothing, reply
from engine.server.requests import number, position, read_object, size, word
from engine.server.services import services

routes = web.RouteTableDef()


class _Portside(msgspec.Struct, rename="pascal", forbid_unknown_fields=True):
    """What this engine can do beyond Docker: see docs/exec-attach.md."""

    reattach: bool = False
    grace_seconds: int = 300


class _Create(msgspec.Struct, rename="pascal"):
    """Docker's ExecConfig. `detach` and `container` are said again elsewhere (in the start, in the path)."""

    attach_stdin: bool = False
    attach_stdout: bool = False
    attach_stderr: bool = False
    console_size: list[int] | None = None
    container: str = ""
    cmd: list[str] | None = None
    detach: bool = False
    detach_keys: str = ""
    env: list[str] | None = None
    privileged: bool = False
    tty: bool = False
    user: str = ""
    working_dir: str = ""
    portside: _Portside | None = None


class _Start(msgspec.Struct, rename="pascal"):
    """Docker's ExecStartConfig."""

    detach: bool = False
    tty: bool = False
    console_size: list[int] | None = None


@routes.post("/containers/{id}/exec")
async def create(request: web.Request) -> web.Response:
    wanted = _exec_request(await read_object(request, required=True))
    return reply({"Id": await services(request).execs.create(request.match_info["id"], wanted)}, status=201)


@routes.post("/exec/{id}/start")
async def start(request: web.Request) -> web.StreamResponse:
    options = decode(_Start, await read_object(request, required=True), "ExecStartConfig")
    execs, identifier = services(request).execs, request.match_info["id"]
    keys = parse_keys(execs.find(identifier).request.detach_keys)
    console_size = _console_size(options.console_size)
    session = await execs.start(identifier, detach=options.detach, tty=options.tty, console_size=console_size)
    return nothing(status=200) if session is None else await hijack(request, session, detach_keys=keys)


@routes.post("/exec/{id}/attach")
async def attach(request: web.Request) -> web.StreamResponse:
    """Beyond Docker: come back to a session, for its output from byte `from` on, or its last `tail` bytes."""
    execs, identifier = services(request).execs, request.match_info["id"]
    source, tail = word(request, "source") or "", number(request, "tail")
    client = await execs.attach(identifier, position(request, "from"), tail=tail, source=source)
    return await hijack(
        request,
        client,
        # Whoever counts the bytes of his input must not lose some to keys that mean "detach".
        detach_keys=b"" if source else parse_keys(execs.find(identifier).request.detach_keys),
        media_type=sequence.MEDIA_TYPE,
        headers={
            "Portside-Position": str(client.position),
            "Portside-End": str(client.end),
            "Portside-Typed": str(client.typed),
        },
        encode=lambda chunk: sequence.encode(chunk, client.position if chunk.stream else client.typed),
    )


@routes.post("/exec/{id}/resize")
async def resize(request: web.Request) -> web.Response:
    height, width = size(request)
    await services(request).execs.resize(request.match_info["id"], height=height, width=width)
    return nothing(status=200)


@routes.get("/exec/{id}/json")
async def inspect(request: web.Request) -> web.Response:
    return reply(services(request).execs.inspect(request.match_info["id"]))


def _exec_request(body: dict[str, Any]) -> ExecRequest:
    asked = decode(_Create, body, "ExecConfig")
    parse_keys(asked.detach_keys)  # refused here, where the keys are given, and not at the start
    return ExecRequest(
        argv=tuple(asked.cmd or ()),
        tty=asked.tty,
        attach_stdin=asked.attach_stdin,
        attach_stdout=asked.attach_stdout,
        attach_stderr=asked.attach_stderr,
        env=tuple(asked.env or ()),
        user=asked.user,
        working_dir=asked.working_dir,
        privileged=asked.privileged,
        detach_keys=asked.detach_keys,
        console_size=_console_size(asked.console_size),
        grace_seconds=asked.portside.grace_seconds if asked.portside and asked.portside.reattach else None,
    )


def _console_size(size: list[int] | None) -> tuple[int, int] | None:
    """Docker's `[height, width]`."""
    if not size:
        return None
    if len(size) != 2 or not all(0 <= side <= 0xFFFF for side in size):
        raise InvalidParameter(f"invalid ConsoleSize {size}: [height, width] is expected")
    return size[0], size[1]
