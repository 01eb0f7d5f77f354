"""The frame around all routes: versions, unknown paths, headers, errors, keep-alive."""

import json

import pytest

from engine import __version__
from engine.errors import NotModified
from tests.engine.server.conftest import Serve

NOT_FOUND = (404, {"message": "page not found"})


@pytest.mark.parametrize("prefix", ["", "/v1.24", "/v1.41", "/v1.48"])
async def test_prefix_is_optional(serve: Serve, prefix: str):
    api = await serve()
    async with api.http.get(f"{prefix}/_ping") as response:
        assert (response.status, await response.text()) == (200, "OK")


@pytest.mark.parametrize(
    ("path", "message"),
    [
        ("/v1.49/_ping", "client version 1.49 is too new. Maximum supported API version is 1.48"),
        ("/v1.99/nowhere", "client version 1.99 is too new. Maximum supported API version is 1.48"),
        (
            "/v1.10/info",
            "client version 1.10 is too old. Minimum supported API version is 1.24, "
            "please upgrade your client to a newer version",
        ),
    ],
)
async def test_other_versions_are_refused(serve: Serve, path: str, message: str):
    api = await serve()
    assert await api.get(path) == (400, {"message": message})


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/"),
        ("GET", "/v1.48"),
        ("GET", "/nowhere"),
        ("GET", "/v1.48/nowhere"),
        ("GET", "/v1.48/v1.48/_ping"),
        ("GET", "/containers/c1"),
        ("POST", "/_ping"),
        ("DELETE", "/info"),
        ("GET", "/_ping/"),
        ("GET", "//_ping"),
    ],
)
async def test_unknown_routes(serve: Serve, method: str, path: str):
    api = await serve()
    assert await api.call(method, path) == NOT_FOUND


async def test_get_does_not_mean_head(serve: Serve):
    api = await serve()
    async with api.http.head("/events") as response:
        assert response.status == 404


async def test_every_answer_bears_the_engines_headers(serve: Serve):
    api = await serve()
    for path in ("/_ping", "/nowhere", "/v1.99/_ping"):
        async with api.http.get(path) as response:
            assert response.headers["Api-Version"] == "1.48"
            assert response.headers["Docker-Experimental"] == "false"
            assert response.headers["Ostype"] == "linux"
            assert response.headers["Server"] == f"Portside/{__version__} (linux)"


async def test_error_without_a_body(serve: Serve):
    class Containers:
        async def start(self, ref: str) -> None:
            raise NotModified(f"{ref} runs")

    api = await serve(containers=Containers())
    assert await api.post("/containers/c1/start") == (304, None)


async def test_unexpected_error_is_told_and_the_engine_goes_on(serve: Serve):
    class Containers:
        async def start(self, _: str) -> None:
            raise ZeroDivisionError("x")

    api = await serve(containers=Containers())
    status, answer = await api.post("/containers/c1/start")
    assert status == 500
    assert "ZeroDivisionError" in answer["message"]
    assert await api.get("/nowhere") == NOT_FOUND


@pytest.mark.parametrize(
    "rubbish",
    [
        b"\x16\x03\x01\x02\0\r\n\r\n",
        b"GET\r\n\r\n",
        b"BREW /_ping HTTP/1.1\r\nHost: d\r\n\r\n",
        b"POST /info HTTP/1.1\r\nHost: d\r\nContent-Length: -1\r\n\r\n",
        b"POST /info HTTP/1.1\r\nHost: d\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n",
        b"GET /_ping HTTP/1.1\r\nHost: d\r\nX: " + b"x" * 1_100_000 + b"\r\n\r\n",
        b"GET /" + b"x" * 1_100_000 + b" HTTP/1.1\r\nHost: d\r\n\r\n",
        b"POST /exec/e1/start HTTP/1.1\r\nHost: d\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n",
    ],
)
async def test_broken_http_is_refused_and_the_engine_goes_on(serve: Serve, rubbish: bytes):
    api = await serve()
    async with await api.connect() as wire:
        wire.send(rubbish)
        status, headers = await wire.head()
        assert status.split(" ", 1)[1] == "400 Bad Request"
        assert headers["api-version"] == "1.48"
        assert set(json.loads(await wire.rest())) == {"message"}
    assert await api.get("/nowhere") == NOT_FOUND
