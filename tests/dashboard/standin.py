"""A stand-in for an engine, for tests of pages: it answers from lists, and nothing runs in it.

What pages do with a real engine is tested in tests/e2e.
"""

import asyncio
import json
import threading
from collections.abc import Awaitable, Callable
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from aiohttp import web

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


def listed(container_id: str, name: str, *, state: str = "running", **fields: Any) -> dict[str, Any]:
    """An entry of `GET /containers/json`."""
    return {
        "Id": container_id,
        "Names": [f"/{name}"],
        "Image": "busybox:latest",
        "Command": "sleep 1000",
        "Created": 1_780_000_000,
        "State": state,
        "Status": "Up 3 minutes" if state == "running" else "Exited (0) 3 minutes ago",
        "Ports": [],
    } | fields


def inspected(container_id: str, name: str, *, state: str = "running", tty: bool = False) -> dict[str, Any]:
    """The answer of `GET /containers/ID/json`."""
    return {
        "Id": container_id,
        "Name": f"/{name}",
        "Created": "2026-05-28T20:26:40.123456789Z",
        "Path": "sh",
        "Args": ["-c", "echo 'a b'"],
        "Image": "sha256:" + "1" * 64,
        "State": {
            "Status": state,
            "ExitCode": 137,
            "StartedAt": "2026-05-28T20:26:41Z",
            "FinishedAt": "0001-01-01T00:00:00Z",
        },
        "Config": {
            "Image": "busybox:latest",
            "Tty": tty,
            "Env": ["COLOUR=blue=green", "EMPTY="],
            "Hostname": "h",
            "Labels": {"team": "<b>web</b>"},
        },
        "HostConfig": {"RestartPolicy": {"Name": "always"}},
        "Mounts": [{"Type": "volume", "Name": "data", "Source": "/v/_data", "Destination": "/data", "RW": False}],
        "NetworkSettings": {
            "Ports": {"80/tcp": [{"HostIp": "0.0.0.0", "HostPort": "8080"}], "53/udp": None},
            "Networks": {
                "bridge": {"IPAddress": "172.17.0.2", "Gateway": "172.17.0.1", "MacAddress": "02:42:00:00:00:01"}
            },
        },
    }


def network(network_id: str, name: str, **fields: Any) -> dict[str, Any]:
    """An entry of `GET /networks`, and with `Containers` the answer of `GET /networks/ID`."""
    return {
        "Id": network_id,
        "Name": name,
        "Created": "2026-05-28T20:26:40.123456789Z",
        "Scope": "local",
        "Driver": "bridge",
        "Internal": False,
        "IPAM": {"Driver": "default", "Config": [{"Subnet": "10.5.0.0/16", "Gateway": "10.5.0.1"}]},
        "Options": {},
        "Labels": {},
    } | fields


def volume(name: str, **fields: Any) -> dict[str, Any]:
    """`GET /volumes/NAME`."""
    return {
        "Name": name,
        "Driver": "local",
        "Mountpoint": f"/v/{name}/_data",
        "CreatedAt": "2026-05-28T20:26:40Z",
        "Scope": "local",
        "Labels": None,
        "Options": None,
    } | fields


class StandIn:
    """Serves on a unix socket, in a thread of its own, so that synchronous tests can talk to it.

    `asked` lists what was asked of it and changes something, `bodies` what came with it. An object with a name in
    `refusals` answers with that status and text. `emit()` sends an event to all who listen.
    """

    def __init__(self, path: Path) -> None:
        self.url = f"unix://{path}"
        self.containers: list[dict[str, Any]] = []
        self.details: dict[str, dict[str, Any]] = {}
        self.images: list[dict[str, Any]] = []
        self.image_details: dict[str, dict[str, Any]] = {}
        self.history: list[dict[str, Any]] = []
        self.volumes: list[dict[str, Any]] = []
        self.networks: list[dict[str, Any]] = []
        self.info: dict[str, Any] = {}
        self.event_queries: list[dict[str, str]] = []
        self.bodies: list[dict[str, Any]] = []
        self.logs = b""
        self.stats: dict[str, list[dict[str, Any]]] = {}
        #: Folders by their paths; None for an engine that has no such route.
        self.folders: dict[str, list[dict[str, Any]]] | None = {}
        self.processes: dict[str, Any] = {}
        self.changes: list[dict[str, Any]] = []
        self.log_queries: list[dict[str, str]] = []
        self.refusals: dict[str, tuple[int, str]] = {}
        self.asked: list[str] = []
        self._path = path
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="stand-in engine")
        self._listeners: list[asyncio.Queue[bytes | None]] = []
        self._runner = web.AppRunner(self._application(), shutdown_timeout=1, handler_cancellation=True)

    @property
    def listeners(self) -> int:
        return len(self._listeners)

    def emit(self, kind: str, action: str, actor: str, **fields: Any) -> None:
        event = {"Type": kind, "Action": action, "Actor": {"ID": actor, "Attributes": {}}} | fields
        self._tell(json.dumps(event).encode() + b"\n")

    def hang_up(self) -> None:
        """End every stream of events, as an engine does that goes down."""
        self._tell(None)

    def _tell(self, message: bytes | None) -> None:
        for queue in self._listeners:
            self._loop.call_soon_threadsafe(queue.put_nowait, message)

    def __enter__(self) -> Self:
        self._thread.start()
        self._run(self._start())
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.hang_up()
        self._run(self._runner.cleanup())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    def _run(self, work: Any) -> None:
        asyncio.run_coroutine_threadsafe(work, self._loop).result(timeout=10)

    async def _start(self) -> None:
        await self._runner.setup()
        await web.UnixSite(self._runner, str(self._path)).start()

    def _application(self) -> web.Application:
        routes: list[tuple[str, str, Handler]] = [
            ("GET", "/containers/json", self._list),
            ("GET", "/containers/{id}/json", self._inspect),
            ("GET", "/containers/{id}/logs", self._logs),
            ("GET", "/containers/{id}/stats", self._stats),
            ("POST", "/containers/{id}/exec", self._exec),
            ("GET", "/containers/{id}/top", self._top),
            ("GET", "/containers/{id}/files", self._files),
            ("GET", "/containers/{id}/archive", self._archive),
            ("GET", "/containers/{id}/changes", self._changes),
            ("POST", "/containers/{id}/{action}", self._change),
            ("DELETE", "/containers/{id}", self._change),
            ("GET", "/images/json", self._list_images),
            ("DELETE", "/images/{id:.+}", self._change),
            ("POST", "/images/{id:.+}/tag", self._change),
            ("GET", "/images/{id}/json", self._inspect_image),
            ("GET", "/images/{id}/history", self._history),
            ("GET", "/volumes", self._list_volumes),
            ("POST", "/volumes/create", self._create),
            ("GET", "/volumes/{id}", self._inspect_volume),
            ("DELETE", "/volumes/{id}", self._change),
            ("GET", "/networks", self._list_networks),
            ("POST", "/networks/create", self._create),
            ("GET", "/networks/{id}", self._inspect_network),
            ("DELETE", "/networks/{id}", self._change),
            ("GET", "/info", self._info),
            ("GET", "/events", self._events),
        ]
        application = web.Application()
        for method, path, handler in routes:
            application.router.add_route(method, "/v1.41" + path, handler)
        return application

    async def _list(self, request: web.Request) -> web.StreamResponse:
        wanted = json.loads(request.query.get("filters", "{}")).get("id")
        found = _labelled(request, self.containers)
        return web.json_response([entry for entry in found if not wanted or entry["Id"] in wanted])

    async def _inspect(self, request: web.Request) -> web.StreamResponse:
        detail = self.details.get(request.match_info["id"])
        if detail is None:
            return self._refuse(404, f"No such container: {request.match_info['id']}")
        return web.json_response(detail)

    async def _exec(self, request: web.Request) -> web.StreamResponse:
        return self._refuse(409, f"Container {request.match_info['id']} is not running")

    async def _change(self, request: web.Request) -> web.StreamResponse:
        if refusal := self.refusals.get(request.match_info["id"]):
            return self._refuse(*refusal)
        self.asked.append(f"{request.method} {request.path_qs.removeprefix('/v1.41')}")
        return web.json_response([]) if "/images/" in request.path else web.Response(status=204)

    async def _list_images(self, _request: web.Request) -> web.StreamResponse:
        return web.json_response(self.images)

    async def _inspect_image(self, request: web.Request) -> web.StreamResponse:
        return self._found(self.image_details.get(request.match_info["id"]), "image", request)

    async def _history(self, _request: web.Request) -> web.StreamResponse:
        return web.json_response(self.history)

    async def _list_volumes(self, request: web.Request) -> web.StreamResponse:
        return web.json_response({"Volumes": _labelled(request, self.volumes) or None, "Warnings": None})

    async def _inspect_volume(self, request: web.Request) -> web.StreamResponse:
        named = {entry["Name"]: entry for entry in self.volumes}
        return self._found(named.get(request.match_info["id"]), "volume", request)

    async def _list_networks(self, request: web.Request) -> web.StreamResponse:
        return web.json_response(_labelled(request, self.networks))

    async def _inspect_network(self, request: web.Request) -> web.StreamResponse:
        known = {entry[key]: entry for entry in self.networks for key in ("Id", "Name")}
        return self._found(known.get(request.match_info["id"]), "network", request)

    async def _create(self, request: web.Request) -> web.StreamResponse:
        body = await request.json()
        if refusal := self.refusals.get(body["Name"]):
            return self._refuse(*refusal)
        self.asked.append(f"POST {request.path_qs.removeprefix('/v1.41')}")
        self.bodies.append(body)
        return web.json_response({"Id": "9" * 64, "Name": body["Name"]}, status=201)

    async def _info(self, _request: web.Request) -> web.StreamResponse:
        return web.json_response(self.info)

    async def _logs(self, request: web.Request) -> web.StreamResponse:
        self.log_queries.append(dict(request.query))
        return web.Response(body=self.logs, content_type="application/octet-stream")

    async def _stats(self, request: web.Request) -> web.StreamResponse:
        """What `stats` has of the container, a line each: a stream that has ended."""
        container = request.match_info["id"]
        if container not in self.stats:
            return self._found({"read": "now"} if container in self.details else None, "container", request)
        found = self.stats[container]
        return web.Response(text="".join(json.dumps(one) + "\n" for one in found))

    async def _files(self, request: web.Request) -> web.StreamResponse:
        path = request.query["path"]
        if self.folders is None:
            return self._refuse(404, "page not found")
        if path not in self.folders:
            return self._refuse(404, f"Could not find the file {path} in container")
        return web.json_response({"path": path, "entries": self.folders[path], "truncated": False})

    async def _archive(self, request: web.Request) -> web.StreamResponse:
        if refusal := self.refusals.get(request.query["path"]):
            return self._refuse(*refusal)
        return web.Response(body=b"a tar of " + request.query["path"].encode())

    async def _top(self, request: web.Request) -> web.StreamResponse:
        if refusal := self.refusals.get(request.match_info["id"]):
            return self._refuse(*refusal)
        return web.json_response(self.processes)

    async def _changes(self, _request: web.Request) -> web.StreamResponse:
        return web.json_response(self.changes)

    async def _events(self, request: web.Request) -> web.StreamResponse:
        self.event_queries.append(dict(request.query))
        response = web.StreamResponse()
        await response.prepare(request)
        queue: asyncio.Queue[bytes | None] = asyncio.Queue()
        self._listeners.append(queue)
        try:
            while (message := await queue.get()) is not None:
                await response.write(message)
        finally:
            self._listeners.remove(queue)
        return response

    def _found(self, entry: dict[str, Any] | None, kind: str, request: web.Request) -> web.Response:
        if entry is None:
            return self._refuse(404, f"No such {kind}: {request.match_info['id']}")
        return web.json_response(entry)

    def _refuse(self, status: int, message: str) -> web.Response:
        return web.json_response({"message": message}, status=status)


def _labelled(request: web.Request, entries: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The entries that have all labels that the request's filters name, as `key=value`."""
    filters = json.loads(request.query.get("filters", "{}"))
    wanted = [label.partition("=") for label in filters.get("label", ())]
    return [
        entry for entry in entries if all((entry.get("Labels") or {}).get(key) == value for key, _eq, value in wanted)
    ]
