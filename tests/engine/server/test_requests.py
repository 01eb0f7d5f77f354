"""Bodies and queries, on a route that reads both: `POST /volumes/create` and friends."""

import io
import json
from typing import Any

import pytest

from engine.server.requests import BODY_LIMIT
from tests.engine.server.client import Api
from tests.engine.server.conftest import Serve

PATH = "/volumes/create"


class Volumes:
    """Takes note of what is asked for."""

    def __init__(self) -> None:
        self.names: list[str | None] = []
        self.forced: list[bool] = []

    async def create(self, name: str | None, **_: Any) -> "Volumes":
        self.names.append(name)
        return self

    async def remove(self, _: str, *, force: bool) -> None:
        self.forced.append(force)

    def to_json(self) -> dict[str, str]:
        return {"Name": self.names[-1] or ""}


async def post(api: Api, body: bytes, content_type: str | None = "application/json") -> tuple[int, Any]:
    headers = {"Content-Type": content_type} if content_type else {}
    skip = () if content_type else ("Content-Type",)
    return await api.call("POST", PATH, data=io.BytesIO(body), headers=headers, skip_auto_headers=skip)


async def test_body_is_read(serve: Serve):
    api = await serve(volumes=Volumes())
    assert await post(api, b'{"Name": "data"}') == (201, {"Name": "data"})
    assert await post(api, b'{"Name": "data"}', "application/json; charset=utf-8") == (201, {"Name": "data"})
    assert await post(api, b'{"Name": "one", "Name": "two"}') == (201, {"Name": "two"})  # the last one, as in Go
    assert await post(api, b"null") == (201, {"Name": ""})


@pytest.mark.parametrize(
    ("content_type", "message"),
    [
        (None, "malformed Content-Type header (): mime: no media type"),
        ("text/plain", "unsupported Content-Type header (text/plain): must be 'application/json'"),
        (
            "application/x-www-form-urlencoded",
            "unsupported Content-Type header (application/x-www-form-urlencoded): must be 'application/json'",
        ),
    ],
)
async def test_content_type(serve: Serve, content_type: str | None, message: str):
    volumes = Volumes()
    api = await serve(volumes=volumes)
    assert await post(api, b'{"Name": "data"}', content_type) == (400, {"message": message})
    assert volumes.names == []


@pytest.mark.parametrize(
    ("body", "message"),
    [
        (b"", "invalid JSON: got EOF while reading request body"),
        (b"{", "invalid JSON: Input data was truncated"),
        (b"{} x", "invalid JSON: JSON is malformed: trailing characters (byte 4)"),
        (b"[]", "invalid JSON: an object is expected, not an array"),
        (b'"a"', "invalid JSON: an object is expected, not a string"),
        (b"true", "invalid JSON: an object is expected, not a boolean"),
        (b'{"Name": "a\\u0000b"}', "invalid JSON: a string holds a NUL character"),
        (b'{"Labels": {"a\\u0000": "b"}}', "invalid JSON: a string holds a NUL character"),
        (b'{"Name": 5}', "invalid JSON: Expected `str | null`, got `int` - at `$.Name`"),
    ],
)
async def test_bodies_that_are_refused(serve: Serve, body: bytes, message: str):
    api = await serve(volumes=Volumes())
    assert await post(api, body) == (400, {"message": message})


@pytest.mark.parametrize("depth", [65, 1500, 1_000_000])
async def test_deep_json(serve: Serve, depth: int):
    api = await serve(volumes=Volumes())
    status, answer = await post(api, b'{"Name": ' + b"[" * depth + b"]" * depth + b"}")
    assert status == 400
    assert answer["message"].startswith("invalid JSON: ")
    assert (await post(api, b"{}"))[0] == 201


async def test_wide_json_is_not_deep(serve: Serve):
    api = await serve(volumes=Volumes())
    body = json.dumps({"Name": "data", "Labels": {str(number): "[{" for number in range(10_000)}})
    assert (await post(api, body.encode()))[0] == 201


async def test_body_limit(serve: Serve):
    api = await serve(volumes=Volumes())
    status, answer = await post(api, b'{"Name": "' + b"x" * BODY_LIMIT + b'"}')
    assert status == 413
    assert "size" in answer["message"]


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("", False),
        ("?force", False),
        ("?force=", False),
        ("?force=0", False),
        ("?force=no", False),
        ("?force=False", False),
        ("?force=none", False),
        ("?force=1", True),
        ("?force=true", True),
        ("?force=anything", True),
    ],
)
async def test_flags(serve: Serve, query: str, expected: bool):
    volumes = Volumes()
    api = await serve(volumes=volumes)
    assert await api.call("DELETE", f"/volumes/data{query}") == (204, None)
    assert volumes.forced == [expected]
