"""Files from a real web server: what it says, how it moves them, what it sends too much."""

import hashlib

import pytest
from aiohttp import web
from yarl import URL

from engine.build.sources import web as sources
from engine.errors import InvalidParameter, NotFound, Unavailable

CONTENT = b"hello\n"
DIGEST = f"sha256:{hashlib.sha256(CONTENT).hexdigest()}"


async def file(_: web.Request) -> web.StreamResponse:
    return web.Response(body=CONTENT, headers={"Last-Modified": "Tue, 01 Jul 2025 12:00:00 GMT"})


async def moved(request: web.Request) -> web.StreamResponse:
    raise web.HTTPFound(request.query["to"])


def application() -> web.Application:
    app = web.Application()
    app.router.add_get("/file.txt", file)
    app.router.add_get("/", file)
    app.router.add_get("/moved/name.bin", moved)
    return app


async def test_a_file_with_its_name_time_and_digest(serve, scratch):
    async with serve(application()) as server:
        got = await sources.fetch(server.make_url("/file.txt?x=1"), scratch / "f", checksum=DIGEST)
    assert (got.name, got.digest, got.size, got.mtime) == ("file.txt", DIGEST, 6, 1751371200)
    assert got.path.read_bytes() == CONTENT


async def test_the_name_is_that_of_the_url_asked_for(serve, scratch):
    async with serve(application()) as server:
        got = await sources.fetch(server.make_url("/moved/name.bin?to=/file.txt"), scratch / "f")
        nameless = await sources.fetch(server.make_url("/"), scratch / "g")
    assert (got.name, nameless.name) == ("name.bin", "")


async def test_another_content_is_refused_and_leaves_nothing(serve, scratch):
    async with serve(application()) as server:
        with pytest.raises(InvalidParameter, match="digest mismatch"):
            await sources.fetch(server.make_url("/file.txt"), scratch / "f", checksum="sha256:" + "0" * 64)
        with pytest.raises(InvalidParameter, match="more than"):
            await sources.fetch(server.make_url("/file.txt"), scratch / "f", limit=5)
    assert list(scratch.iterdir()) == []


@pytest.mark.parametrize("checksum", ["md5:abc", "sha256:abc", "sha512:" + "0" * 128, "x"])
async def test_other_checksums_are_refused_before_anything_is_fetched(scratch, checksum):
    with pytest.raises(InvalidParameter, match="unsupported checksum"):
        await sources.fetch(URL("http://127.0.0.1:1/x"), scratch / "f", checksum=checksum)


@pytest.mark.parametrize(
    "to", ["file:///etc/passwd", "/moved/name.bin?to=/moved/name.bin%3Fto=x", "http://[", "gopher://x"]
)
async def test_redirects_to_nowhere(serve, scratch, to):
    async with serve(application()) as server:
        with pytest.raises((Unavailable, NotFound)):
            await sources.fetch(server.make_url("/moved/name.bin").with_query(to=to), scratch / "f")


async def test_redirects_without_end(serve, scratch):
    async def again(_: web.Request) -> web.StreamResponse:
        raise web.HTTPFound("/")

    app = web.Application()
    app.router.add_get("/", again)
    async with serve(app) as server:
        with pytest.raises(Unavailable, match="stopped after 10 redirects"):
            await sources.fetch(server.make_url("/"), scratch / "f")


async def test_servers_that_refuse_or_are_not_there(serve, scratch):
    async with serve(application()) as server:
        with pytest.raises(NotFound, match="404"):
            await sources.fetch(server.make_url("/other"), scratch / "f")
        gone = server.make_url("/file.txt")
    with pytest.raises(Unavailable):
        await sources.fetch(gone, scratch / "f")


async def test_an_answer_that_breaks_off_leaves_nothing(serve, scratch):
    async def broken(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse(headers={"Content-Length": "100"})
        await response.prepare(request)
        await response.write(b"some")
        assert request.transport is not None
        request.transport.abort()
        return response

    app = web.Application()
    app.router.add_get("/", broken)
    async with serve(app) as server:
        with pytest.raises(Unavailable):
            await sources.fetch(server.make_url("/"), scratch / "f")
    assert list(scratch.iterdir()) == []
