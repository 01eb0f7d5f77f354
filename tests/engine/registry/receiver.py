"""A registry that takes pushes, forgets, cuts and delays as a test tells it to."""

import hashlib
import re
from collections.abc import Awaitable, Callable

from aiohttp import web
from aiohttp.test_utils import TestServer

Fault = Callable[[web.Request], Awaitable[web.StreamResponse | None]]


class Receiver:
    """`blobs` and `manifests` are what came in, `asked` the method and path of each request.

    `fault` may answer in a request's place. `cut_after`: the next upload's connection is cut after so many bytes, which
    stay.
    """

    def __init__(self) -> None:
        self.blobs: dict[str, bytes] = {}
        self.manifests: dict[str, tuple[str, bytes]] = {}
        self.uploads: dict[str, bytearray] = {}
        self.asked: list[str] = []
        self.fault: Fault | None = None
        self.cut_after: int | None = None
        app = web.Application(client_max_size=1 << 30)
        app.router.add_route("*", "/{path:.*}", self._handle)
        self._server = TestServer(app)

    async def __aenter__(self) -> "Receiver":
        await self._server.start_server()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._server.close()

    @property
    def host(self) -> str:
        return f"127.0.0.1:{self._server.port}"

    def count(self, pattern: str) -> int:
        return sum(re.search(pattern, line) is not None for line in self.asked)

    async def _handle(self, request: web.Request) -> web.StreamResponse:
        self.asked.append(f"{request.method} {request.path_qs}")
        if self.fault and (answer := await self.fault(request)):
            return answer
        *_, kind, name = request.path.split("/")
        if request.path == "/v2/":
            return web.Response()
        if kind == "manifests":
            self.manifests[name] = (request.headers["Content-Type"], await request.read())
            return web.Response(status=201)
        if kind == "blobs":
            return web.Response(status=200 if name in self.blobs else 404)
        return await self._upload(request, name)

    async def _upload(self, request: web.Request, name: str) -> web.StreamResponse:
        if request.method == "POST":
            name = str(len(self.uploads))
            self.uploads[name] = bytearray()
            return self._where(request, name, 202)
        if name not in self.uploads:
            return web.json_response({"errors": [{"code": "BLOB_UPLOAD_UNKNOWN", "message": "gone"}]}, status=404)
        if request.method == "GET":
            return self._where(request, name, 204)
        await self._take(request, self.uploads[name])
        if request.method == "PATCH":
            return self._where(request, name, 202)
        data = bytes(self.uploads.pop(name))
        self.blobs[f"sha256:{hashlib.sha256(data).hexdigest()}"] = data
        assert request.query["digest"] in self.blobs
        return web.Response(status=201)

    async def _take(self, request: web.Request, upload: bytearray) -> None:
        async for piece in request.content.iter_chunked(1000):
            upload += piece
            if self.cut_after is not None and len(upload) >= self.cut_after:
                self.cut_after = None
                assert request.transport is not None
                request.transport.abort()
                raise ConnectionResetError

    def _where(self, request: web.Request, name: str, status: int) -> web.Response:
        path = request.path.partition("/uploads/")[0]
        end = max(len(self.uploads[name]) - 1, 0)
        return web.Response(status=status, headers={"Location": f"{path}/uploads/{name}", "Range": f"0-{end}"})
