import json
from collections.abc import AsyncIterator
from dataclasses import fields
from pathlib import Path
from typing import Any

import pytest
from aiohttp.test_utils import TestClient, TestServer

from engine.config import Config
from engine.events import EventBus
from engine.network.service import Networks
from engine.server.app import make_app
from engine.server.services import Services
from engine.store import Database

pytestmark = pytest.mark.root

Client = TestClient[Any, Any]


@pytest.fixture
async def client(tmp_path: Path) -> AsyncIterator[Client]:
    """The API over networks that need no kernel: host and none, and a bridge whose driver is left out."""
    config = Config(home=tmp_path / "home", run=tmp_path / "run")
    database, events = Database(config.database), EventBus()
    networks = Networks(config, database, events, {})
    await networks.restore(())
    await networks.allocate("c" * 64, networks.resolve("none"))
    networks.name_of = {"c" * 64: "web"}.__getitem__
    parts: dict[str, Any] = {part.name: None for part in fields(Services)}
    parts |= {"config": config, "events": events, "networks": networks}
    async with TestClient(TestServer(make_app(Services(**parts)))) as it:
        yield it
    await networks.release("c" * 64)
    await networks.shutdown()
    database.close()


async def ask(client: Client, method: str, path: str, **query: str) -> tuple[int, Any]:
    response = await client.request(method, f"/v1.48{path}", params=query)
    return response.status, await response.json()


async def test_the_list_and_its_filters(client: Client) -> None:
    status, everything = await ask(client, "GET", "/networks")
    assert status == 200
    assert [network["Name"] for network in everything] == ["bridge", "host", "none"]
    assert all(network["Containers"] == {} for network in everything)
    _, chosen = await ask(client, "GET", "/networks", filters=json.dumps({"driver": ["null"]}))
    assert [network["Name"] for network in chosen] == ["none"]
    status, error = await ask(client, "GET", "/networks", filters=json.dumps({"colour": ["red"]}))
    assert (status, error) == (400, {"message": "invalid filter 'colour'"})


async def test_inspect_by_name_and_by_the_beginning_of_an_id(client: Client) -> None:
    status, none = await ask(client, "GET", "/networks/none")
    assert status == 200
    assert none["Driver"] == "null"
    assert none["Containers"]["c" * 64]["Name"] == "web"
    assert (await ask(client, "GET", f"/networks/{none['Id'][:12]}"))[1] == none
    assert await ask(client, "GET", "/networks/nope") == (404, {"message": "network nope not found"})


async def test_a_network_of_the_engines_own_is_never_removed(client: Client) -> None:
    expected = (403, {"message": "bridge is a pre-defined network and cannot be removed"})
    assert await ask(client, "DELETE", "/networks/bridge") == expected
    assert (await ask(client, "DELETE", "/networks/nope"))[0] == 404


@pytest.mark.parametrize(
    ("path", "body", "status", "words"),
    [
        ("/networks/create", {"Name": "-x"}, 400, "Invalid network name"),
        ("/networks/create", {"Name": "bridge"}, 403, "predefined bridge network"),
        ("/networks/create", {"Name": "net", "Driver": "overlay"}, 501, "'overlay' is not supported"),
        ("/networks/create", {"Name": "net", "Ingress": True}, 501, "Ingress"),
        ("/networks/create", {"Name": "net", "IPAM": {"Driver": "dhcp"}}, 501, "IPAM.Driver"),
        ("/networks/create", {"Name": "net", "IPAM": {"Options": {"a": "b"}}}, 501, "IPAM.Options"),
        ("/networks/create", {"Name": "net", "Options": {"parent": "eth0"}}, 501, "parent"),
        ("/networks/bridge/connect", {}, 400, "a container's name or ID"),
        ("/networks/bridge/disconnect", {"Container": 1}, 400, "NetworkConnectRequest"),
        ("/networks/nope/connect", {"Container": "x"}, 404, "network nope not found"),
    ],
)
async def test_what_is_refused(client: Client, path: str, body: dict[str, Any], status: int, words: str) -> None:
    response = await client.post(f"/v1.48{path}", json=body)
    assert response.status == status
    assert words in (await response.json())["message"]


async def test_a_prune_finds_nothing_that_somebody_made(client: Client) -> None:
    assert await ask(client, "POST", "/networks/prune") == (200, {"NetworksDeleted": None})
    assert (await ask(client, "POST", "/networks/prune", filters=json.dumps({"name": ["x"]})))[0] == 400
