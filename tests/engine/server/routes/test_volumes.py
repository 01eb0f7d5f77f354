from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from engine.config import Config
from engine.events import EventBus
from engine.store import Database
from engine.volume.service import Volumes
from tests.engine.server.client import Api
from tests.engine.server.conftest import Serve


@pytest.fixture
async def volumes(tmp_path: Path) -> AsyncIterator[Volumes]:
    config = Config(home=tmp_path)
    database = Database(config.database)
    service = Volumes(config, database, EventBus())
    await service.restore({})
    yield service
    await service.close()
    database.close()


@pytest.fixture
async def api(serve: Serve, volumes: Volumes) -> Api:
    return await serve(volumes=volumes)


async def test_life(api: Api):
    status, made = await api.post("/volumes/create", {"Name": "data", "Labels": {"a": "b"}})
    assert (status, made["Name"], made["Driver"], made["Labels"]) == (201, "data", "local", {"a": "b"})
    assert await api.get("/v1.41/volumes/data") == (200, made)
    assert await api.get("/volumes") == (200, {"Volumes": [made], "Warnings": None})
    assert await api.get('/volumes?filters={"label":{"a=b":true}}') == (200, {"Volumes": [made], "Warnings": None})
    assert await api.call("DELETE", "/volumes/data") == (204, None)
    assert await api.get("/volumes") == (200, {"Volumes": [], "Warnings": None})


@pytest.mark.parametrize(
    ("body", "status", "message"),
    [
        (
            {"Name": "x"},
            400,
            "create x: volume name is too short, names should be at least two alphanumeric characters",
        ),
        ({"Name": "ab", "Driver": "n"}, 404, 'create ab: error looking up volume plugin n: plugin "n" not found'),
        ({"Name": "ab", "DriverOpts": {"foo": "1"}}, 400, 'create ab: invalid option: "foo"'),
        (
            {"Name": "ab", "ClusterVolumeSpec": {"Group": "g"}},
            501,
            "ClusterVolumeSpec: cluster volumes are not supported",
        ),
    ],
)
async def test_create_refuses(api: Api, body: dict[str, object], status: int, message: str):
    assert await api.post("/volumes/create", body) == (status, {"message": message})


async def test_missing_and_used(api: Api, volumes: Volumes):
    missing = (404, {"message": "get nope: no such volume"})
    assert await api.get("/volumes/nope") == missing
    assert await api.call("DELETE", "/volumes/nope") == missing
    assert await api.call("DELETE", "/volumes/nope?force=1") == (204, None)
    await volumes.provide("data", {}, "c1")
    used = (409, {"message": "remove data: volume is in use - [c1]"})
    assert await api.call("DELETE", "/volumes/data?force=1") == used


@pytest.mark.parametrize(
    ("version", "query", "deleted"),
    [("1.48", "", 0), ("1.41", "", 1), ("1.48", '?filters={"all":["true"]}', 1)],
)
async def test_prune_spares_named_volumes_since_1_42(api: Api, version: str, query: str, deleted: int):
    await api.post("/volumes/create", {"Name": "data"})
    status, report = await api.post(f"/v{version}/volumes/prune{query}")
    assert (status, len(report["VolumesDeleted"]), report["SpaceReclaimed"]) == (200, deleted, 0)


async def test_unknown_filter(api: Api):
    assert await api.get('/volumes?filters={"x":["y"]}') == (400, {"message": "invalid filter 'x'"})
