"""`/auth`, `/distribution` and `/images/search`, against a registry and a token server in memory."""

import json
from collections.abc import AsyncIterator

import pytest
from aiohttp import web

from tests.engine.registry.standin import StandIn, layer, refuse
from tests.engine.registry.test_auth import TokenServer
from tests.engine.server.conftest import Serve

FOUND = [
    {"name": "app", "description": None, "star_count": 7, "is_official": True},
    {"name": "team/app", "description": "ours", "star_count": 2},
]


@pytest.fixture
async def registry() -> AsyncIterator[StandIn]:
    async with StandIn() as server:
        yield server


def _sign_in(registry: StandIn, **said: str) -> dict[str, str]:
    return {"username": "alice", "password": "s3cret", "serveraddress": registry.host} | said


def _guard(registry: StandIn, challenge: str, allowed: str) -> None:
    async def bend(request: web.Request, _answer: web.Response) -> web.Response | None:
        if request.headers.get("Authorization") == allowed:
            return web.Response() if request.path == "/v2/" else None
        return refuse(401, "UNAUTHORIZED", "authentication required", WWW_Authenticate=challenge)

    registry.bend = bend


class TestAuth:
    async def test_basic(self, serve: Serve, registry: StandIn) -> None:
        api = await serve()
        _guard(registry, 'Basic realm="r"', "Basic YWxpY2U6czNjcmV0")
        assert await api.post("/auth", _sign_in(registry)) == (
            200,
            {"Status": "Login Succeeded", "IdentityToken": ""},
        )
        status, said = await api.post("/auth", _sign_in(registry, password="no"))
        assert (status, said["message"]) == (
            401,
            f"login attempt to http://{registry.host}/v2/ failed with status: 401 Unauthorized",
        )

    async def test_bearer(self, serve: Serve, registry: StandIn) -> None:
        api = await serve()
        async with TokenServer() as tokens:
            _guard(registry, f'Bearer realm="http://{tokens.host}/token",service="s"', "Bearer token-of-alice")
            status, _ = await api.post("/auth", _sign_in(registry, serveraddress=f"http://{registry.host}/v1/"))
            assert status == 200
            assert "offline_token=true" in tokens.requests[0][0]
            wrong = await api.post("/auth", _sign_in(registry, password="no"))
            assert wrong == (401, {"message": "unauthorized: incorrect username or password"})

    async def test_nobody_there(self, serve: Serve) -> None:
        api = await serve()
        status, said = await api.post("/auth", {"username": "a", "password": "b", "serveraddress": "127.0.0.1:1"})
        assert status >= 500
        assert "connection refused" in said["message"]

    @pytest.mark.parametrize("said", [None, {"username": 1}, {"serveraddress": "http://a b/"}])
    async def test_what_can_not_be(self, serve: Serve, said: object) -> None:
        api = await serve()
        assert (await api.post("/auth", said))[0] == 400


class TestDistribution:
    async def test_an_image_and_an_index(self, serve: Serve, registry: StandIn) -> None:
        api = await serve()
        manifest = registry.content.image("one", layer("a"), variant="v8")
        raw = registry.content.manifests["one"][1]
        entry = registry.content.descriptor(manifest["mediaType"], raw) | {
            "platform": {"os": "linux", "architecture": "s390x"}
        }
        digest = registry.content.put("all", {"schemaVersion": 2, "manifests": [entry]})
        status, said = await api.call("GET", f"/distribution/{registry.host}/x:one/json")
        assert status == 200
        assert said["Descriptor"]["size"] == len(json.dumps(manifest))
        assert said["Platforms"] == [{"architecture": "amd64", "os": "linux", "variant": "v8"}]
        _, said = await api.call("GET", f"/distribution/{registry.host}/x:all/json")
        assert said["Descriptor"]["digest"] == digest
        assert said["Platforms"] == [{"architecture": "s390x", "os": "linux"}]

    async def test_what_is_not_there(self, serve: Serve, registry: StandIn) -> None:
        api = await serve()
        status, said = await api.call("GET", f"/distribution/{registry.host}/x:none/json")
        assert status == 404
        assert "manifest unknown" in said["message"]


class TestSearch:
    async def test_results_and_filters(self, serve: Serve, registry: StandIn) -> None:
        api = await serve()

        async def bend(request: web.Request, _answer: web.Response) -> web.Response:
            assert (request.path, request.query["q"], request.query["n"]) == ("/v1/search", "app", "25")
            return web.json_response({"results": FOUND})

        registry.bend = bend
        path = f"/images/search?term={registry.host}/app"
        status, rows = await api.call("GET", path)
        assert status == 200
        assert [row["name"] for row in rows] == ["app", "team/app"]
        assert rows[0]["description"] == ""
        for filters, names in (({"stars": ["3"]}, ["app"]), ({"is-official": ["false"]}, ["team/app"])):
            _, rows = await api.call("GET", f"{path}&filters={json.dumps(filters)}")
            assert [row["name"] for row in rows] == names

    @pytest.mark.parametrize(
        ("query", "status", "said"),
        [
            ("term=", 400, "a term to search for is required"),
            ("term=a&limit=101", 400, "limit 101 is outside the range of [1, 100]"),
            ('term=HOST/a&filters={"color":["red"]}', 400, "invalid filter 'color'"),
            ("term=HOST/a", 501, "has no search"),
        ],
    )
    async def test_refusals(self, serve: Serve, registry: StandIn, query: str, status: int, said: str) -> None:
        api = await serve()
        found = await api.call("GET", "/images/search?" + query.replace("HOST", registry.host))
        assert found[0] == status
        assert said in found[1]["message"]
