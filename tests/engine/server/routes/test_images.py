"""The image routes, as the docker CLI calls them, over a real store and a registry in memory."""

import asyncio
import base64
import json
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from aiohttp import ClientTimeout

from tests.engine.registry.conftest import EMPTY, Store, open_store
from tests.engine.registry.standin import StandIn, basic, layer, refuse
from tests.engine.server.client import Api
from tests.engine.server.conftest import Serve

pytestmark = pytest.mark.root


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[Store]:
    async for opened in open_store(tmp_path):
        yield opened


@pytest.fixture
async def stand_in() -> AsyncIterator[StandIn]:
    async with StandIn() as server:
        server.content.image("latest", layer("a"), layer("b"), config={"Labels": {"team": "red"}, "Env": ["A=1"]})
        yield server


@pytest.fixture
async def api(serve: Serve, store: Store) -> Api:
    return await serve(images=store.images, puller=store.puller)


async def _pull(api: Api, name: str, tag: str = "latest", **headers: str) -> tuple[int, list[dict[str, object]]]:
    parameters = {"fromImage": name, "tag": tag, "platform": "linux/amd64"}
    async with api.http.post("/v1.48/images/create", params=parameters, headers=headers) as response:
        return response.status, [json.loads(line) for line in (await response.text()).splitlines()]


async def test_pull_list_inspect_tag_remove(api: Api, stand_in: StandIn) -> None:
    name = f"{stand_in.host}/team/app"
    status, messages = await _pull(api, name)
    assert status == 200
    assert messages[0] == {"status": "Pulling from team/app", "id": "latest"}
    assert messages[-1] == {"status": f"Status: Downloaded newer image for {name}:latest"}

    status, rows = await api.get("/images/json")
    assert status == 200
    (row,) = rows
    assert set(row) == {
        *("Id", "ParentId", "RepoTags", "RepoDigests", "Created", "Size", "SharedSize", "Labels", "Containers")
    }
    assert (row["RepoTags"], row["ParentId"], row["SharedSize"], row["Containers"]) == ([f"{name}:latest"], "", -1, -1)
    assert (row["Created"], row["Size"], row["Labels"]) == (1704067200, 20, {"team": "red"})

    status, document = await api.get(f"/images/{name}:latest/json")
    assert status == 200
    assert document["Id"] == row["Id"]
    assert document["Config"]["Env"] == ["A=1"]
    assert document["GraphDriver"]["Name"] == "overlay2"
    assert len(document["RootFS"]["Layers"]) == 2

    assert await api.post(f"/images/{row['Id'][7:19]}/tag?repo=other&tag=2") == (201, None)
    assert (await api.get("/images/other:2/history"))[0] == 200
    assert await api.call("DELETE", "/images/other:2") == (200, [{"Untagged": "other:2"}])
    status, gone = await api.call("DELETE", f"/images/{name}")
    assert [next(iter(row)) for row in gone] == ["Untagged", "Untagged", "Deleted", "Deleted", "Deleted"]
    assert await api.get("/images/json") == (200, [])


async def test_the_platform_that_is_asked_for_must_be_the_images(api: Api, stand_in: StandIn) -> None:
    name = f"{stand_in.host}/x"
    await _pull(api, name)

    def query(architecture: str) -> str:
        return f"platform={json.dumps({'os': 'linux', 'architecture': architecture})}"

    assert (await api.get(f"/images/{name}:latest/history?{query('amd64')}"))[0] == 200
    for path in ("history", "get"):
        status, answer = await api.get(f"/images/{name}:latest/{path}?{query('arm64')}")
        assert (status, "does not match the specified platform (linux/arm64)" in str(answer)) == (404, True)
    for wrong in ("linux/amd64", json.dumps({"os": "linux"}), "[]"):
        assert (await api.get(f"/images/{name}:latest/history?platform={wrong}"))[0] == 400


async def test_names_with_escaped_slashes(api: Api, stand_in: StandIn) -> None:
    await _pull(api, f"{stand_in.host}/team/app")
    host, _, port = stand_in.host.partition(":")
    assert (await api.get(f"/v1.30/images/{host}%3A{port}%2Fteam%2Fapp%3Alatest/json"))[0] == 200


@pytest.mark.parametrize(
    ("query", "status", "message"),
    [
        ("fromImage=UPPER&tag=x", 400, "invalid reference format: repository name (library/UPPER) must be lowercase"),
        ("fromImage=a&tag=b%20c", 400, "invalid tag format"),
        ("fromImage=a&tag=sha256:abc", 400, "invalid or unsupported digest: 'sha256:abc'"),
        ("", 400, "invalid reference format"),
        (
            "fromSrc=ftp://host/x.tar&repo=x",
            400,
            "invalid URL 'ftp://host/x.tar': only http and https can be imported from",
        ),
        ("fromImage=a&platform=a/b/c/d", 400, '"a/b/c/d" is an invalid OS and architecture specifier'),
    ],
)
async def test_pulls_that_can_not_be(api: Api, query: str, status: int, message: str) -> None:
    assert await api.post(f"/images/create?{query}") == (status, {"message": message})


async def test_a_refusal_before_the_stream_is_an_ordinary_error(api: Api, stand_in: StandIn) -> None:
    status, [answer] = await _pull(api, f"{stand_in.host}/x", "missing")
    said = f"manifest for {stand_in.host}/x:missing not found: manifest unknown: manifest unknown"
    assert (status, answer) == (404, {"message": said})


async def test_a_failure_within_the_stream_is_its_last_message(api: Api, stand_in: StandIn) -> None:
    manifest = stand_in.content.image("broken", layer("a"))
    stand_in.content.blobs[manifest["layers"][0]["digest"]] = b"x" * manifest["layers"][0]["size"]
    status, messages = await _pull(api, f"{stand_in.host}/x", "broken")
    assert status == 200
    assert "does not match its digest" in str(messages[-1]["error"])
    assert messages[-1]["errorDetail"] == {"message": messages[-1]["error"]}


async def test_credentials(api: Api, stand_in: StandIn) -> None:
    async def bend(request, _answer):
        if request.headers.get("Authorization") == basic("alice", "s3cret"):
            return None
        return refuse(401, "UNAUTHORIZED", "authentication required", WWW_Authenticate='Basic realm="r"')

    stand_in.bend = bend
    auth = base64.urlsafe_b64encode(json.dumps({"username": "alice", "password": "s3cret"}).encode()).decode()
    assert (await _pull(api, f"{stand_in.host}/x"))[0] == 401
    assert (await _pull(api, f"{stand_in.host}/x", **{"X-Registry-Auth": auth}))[0] == 200
    assert (await _pull(api, f"{stand_in.host}/x", **{"X-Registry-Auth": "%%%"}))[0] == 400


async def test_a_client_that_goes_ends_its_pull(api: Api, stand_in: StandIn, store: Store) -> None:
    manifest = stand_in.content.image("slow", layer("a"), layer("b"))
    stuck = asyncio.Event()

    async def stall(request, _answer):
        if manifest["layers"][1]["digest"] in request.path:
            stuck.set()
            await asyncio.sleep(30)

    stand_in.bend = stall
    parameters = {"fromImage": f"{stand_in.host}/x", "tag": "slow", "platform": "linux/amd64"}
    async with api.http.post("/images/create", params=parameters, timeout=ClientTimeout(60)) as response:
        await stuck.wait()
        assert _is_pulling()
        response.close()
    async with asyncio.timeout(10):
        while _is_pulling():
            await asyncio.sleep(0.01)
    assert store.files() == EMPTY
    assert store.images.list() == []


def _is_pulling() -> bool:
    return any(task.get_name().startswith("pull ") for task in asyncio.all_tasks())


async def test_filters_and_options(api: Api, stand_in: StandIn) -> None:
    await _pull(api, f"{stand_in.host}/x")

    async def count(filters: dict[str, list[str]]) -> int:
        return len((await api.get("/images/json", params={"filters": json.dumps(filters)}))[1])

    assert await count({"label": ["team=red"]}) == 1
    assert await count({"label": ["team=blue"]}) == 0
    assert await count({"reference": [f"{stand_in.host}/x"]}) == 1
    assert await count({"dangling": ["true"]}) == 0
    assert (await api.get("/images/json?all=1&digests=1&shared-size=1"))[1][0]["SharedSize"] == 0
    status, answer = await api.get("/images/json", params={"filters": '{"nonsense": ["1"]}'})
    assert (status, answer) == (400, {"message": "invalid filter 'nonsense'"})
    assert (await api.get("/images/json?manifests=1"))[0] == 501


async def test_older_clients(api: Api, stand_in: StandIn) -> None:
    await _pull(api, f"{stand_in.host}/x")
    image_id = (await api.get("/images/json"))[1][0]["Id"]
    stand_in.content.image("latest", layer("c"))
    assert "VirtualSize" not in (await api.get(f"/v1.44/images/{image_id}/json"))[1]
    assert (await api.get(f"/v1.43/images/{image_id}/json"))[1]["VirtualSize"] == 20
    await api.post(f"/images/{image_id}/tag?repo=moves")
    await api.call("DELETE", f"/images/{stand_in.host}/x")
    await _pull(api, f"{stand_in.host}/x")
    await api.post(f"/images/{stand_in.host}/x/tag?repo=moves")
    bare = next(row for row in (await api.get("/v1.42/images/json"))[1] if row["Id"] == image_id)
    assert (bare["RepoTags"], bare["RepoDigests"]) == (["<none>:<none>"], ["<none>@<none>"])
    bare = next(row for row in (await api.get("/v1.43/images/json"))[1] if row["Id"] == image_id)
    assert (bare["RepoTags"], bare["RepoDigests"]) == ([], [])


async def test_unknown_images(api: Api) -> None:
    for method, path in (
        ("GET", "/images/nope/json"),
        ("GET", "/images/nope/history"),
        ("DELETE", "/images/nope"),
        ("POST", "/images/nope/tag?repo=x"),
    ):
        assert await api.call(method, path) == (404, {"message": "No such image: nope:latest"})
    assert await api.get("/images/UPPER/json") == (
        400,
        {"message": "invalid reference format: repository name (library/UPPER) must be lowercase"},
    )
    assert await api.post("/images/x/tag") == (400, {"message": "invalid reference format"})
