"""A registry that does what no good one does: a stand-in for those that lie, cut connections, redirect and refuse.

It serves one repository of blobs and manifests from memory; a test bends the answers with `bend`.
"""

import base64
import gzip
import hashlib
import json
from collections.abc import Awaitable, Callable
from typing import Any

from aiohttp import web
from aiohttp.test_utils import TestServer

from engine.image.manifest import OCI_INDEX, OCI_MANIFEST
from tests.engine.image.archives import archive, diff_id, entry

Bend = Callable[[web.Request, web.Response], Awaitable[web.StreamResponse | None]]


def digest(data: bytes) -> str:
    return f"sha256:{hashlib.sha256(data).hexdigest()}"


def layer(name: str, size: int = 10) -> bytes:
    """A plain layer with one file."""
    return archive(entry(name, data=(name.encode() * size)[:size]))


class Content:
    """Blobs and manifests of one made-up image after another."""

    def __init__(self) -> None:
        self.blobs: dict[str, bytes] = {}
        self.manifests: dict[str, tuple[str, bytes]] = {}

    def blob(self, data: bytes) -> str:
        self.blobs[digest(data)] = data
        return digest(data)

    def image(self, tag: str, *layers: bytes, **config: Any) -> dict[str, Any]:
        """Put an image of these plain layers; returns its manifest, which may be changed and put again."""
        packed = [gzip.compress(plain, 1, mtime=0) for plain in layers]
        document = {"architecture": "amd64", "os": "linux", "created": "2024-01-01T00:00:00Z"} | config
        document.setdefault("rootfs", {"type": "layers", "diff_ids": [diff_id(plain) for plain in layers]})
        raw = json.dumps(document).encode()
        manifest = {
            "schemaVersion": 2,
            "mediaType": OCI_MANIFEST,
            "config": self.descriptor("application/vnd.oci.image.config.v1+json", raw),
            "layers": [self.descriptor("application/vnd.oci.image.layer.v1.tar+gzip", data) for data in packed],
        }
        self.put(tag, manifest)
        return manifest

    def descriptor(self, media_type: str, data: bytes) -> dict[str, Any]:
        return {"mediaType": media_type, "digest": self.blob(data), "size": len(data)}

    def put(self, tag: str, manifest: dict[str, Any], *, as_type: str | None = None) -> str:
        """Put a document under a tag and its digest; returns the digest."""
        raw = json.dumps(manifest).encode()
        self.manifests[tag] = self.manifests[digest(raw)] = (as_type or manifest.get("mediaType", OCI_INDEX), raw)
        return digest(raw)


class StandIn:
    """The server. `requests` are what it was asked, as (path, Authorization)."""

    def __init__(self, content: Content | None = None) -> None:
        self.content = content or Content()
        self.bend: Bend | None = None
        self.requests: list[tuple[str, str | None]] = []
        app = web.Application()
        app.router.add_get("/{path:.*}", self._handle)
        app.router.add_post("/{path:.*}", self._handle)
        self._server = TestServer(app)

    async def __aenter__(self) -> "StandIn":
        await self._server.start_server()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._server.close()

    @property
    def host(self) -> str:
        return f"127.0.0.1:{self._server.port}"

    def asked(self, part: str) -> list[str]:
        return [path for path, _ in self.requests if part in path]

    async def _handle(self, request: web.Request) -> web.StreamResponse:
        self.requests.append((request.path, request.headers.get("Authorization")))
        answer = self._answer(request)
        bent = await self.bend(request, answer) if self.bend else None
        return answer if bent is None else bent

    def _answer(self, request: web.Request) -> web.Response:
        *_, kind, name = request.path.split("/")
        if kind == "blobs" and name in self.content.blobs:
            return _blob(request, self.content.blobs[name])
        if kind == "manifests" and name in self.content.manifests:
            media_type, body = self.content.manifests[name]
            return web.Response(body=body, headers={"Content-Type": media_type})
        if request.path.endswith("/tags/list"):
            return web.json_response({"tags": [tag for tag in self.content.manifests if ":" not in tag]})
        return refuse(404, "MANIFEST_UNKNOWN", "manifest unknown")


def _blob(request: web.Request, data: bytes) -> web.Response:
    start = request.http_range.start or 0
    if not start:
        return web.Response(body=data)
    where = f"bytes {start}-{len(data) - 1}/{len(data)}"
    return web.Response(status=206, body=data[start:], headers={"Content-Range": where})


def refuse(status: int, code: str, message: str, **headers: str) -> web.Response:
    headers = {name.replace("_", "-"): value for name, value in headers.items()}
    return web.json_response({"errors": [{"code": code, "message": message}]}, status=status, headers=headers)


def basic(username: str, password: str) -> str:
    return "Basic " + base64.b64encode(f"{username}:{password}".encode()).decode()
