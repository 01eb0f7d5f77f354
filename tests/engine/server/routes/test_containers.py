"""From request to service call; what the service does is its own tests' matter."""

from typing import Any

import pytest

from engine.container.creation import CreateRequest
from tests.engine.server.client import Api
from tests.engine.server.conftest import Serve


class Containers:
    """Takes note of every call, and answers the same thing."""

    def __init__(self, answer: Any = None) -> None:
        self.calls: list[tuple[str, tuple[Any, ...], dict[str, Any]]] = []
        self.answer = answer

    def __getattr__(self, name: str) -> Any:
        async def call(*arguments: Any, **options: Any) -> Any:
            self.calls.append((name, arguments, options))
            return self.answer

        return call


@pytest.fixture
def containers() -> Containers:
    return Containers()


@pytest.fixture
async def api(serve: Serve, containers: Containers) -> Api:
    return await serve(containers=containers)


@pytest.mark.parametrize(
    ("asked", "status", "call"),
    [
        ("POST /start", 204, ("start", ("c1",), {})),
        ("POST /stop", 204, ("stop", ("c1",), {"seconds": None, "stop_signal": None})),
        ("POST /stop?t=0&signal=INT", 204, ("stop", ("c1",), {"seconds": 0, "stop_signal": "INT"})),
        ("POST /stop?t=-1", 204, ("stop", ("c1",), {"seconds": -1, "stop_signal": None})),
        ("POST /restart?t=5", 204, ("restart", ("c1",), {"seconds": 5, "stop_signal": None})),
        ("POST /kill", 204, ("kill", ("c1", "SIGKILL"), {})),
        ("POST /kill?signal=HUP", 204, ("kill", ("c1", "HUP"), {})),
        ("POST /pause", 204, ("pause", ("c1",), {})),
        ("POST /unpause", 204, ("unpause", ("c1",), {})),
        ("POST /rename?name=/c2", 204, ("rename", ("c1", "c2"), {})),
        ("POST /resize?h=24&w=80", 200, ("resize", ("c1",), {"height": 24, "width": 80})),
        ("DELETE ", 204, ("remove", ("c1",), {"force": False, "volumes": False})),
        ("DELETE ?force=1&v=1", 204, ("remove", ("c1",), {"force": True, "volumes": True})),
    ],
)
async def test_actions(
    api: Api, containers: Containers, asked: str, status: int, call: tuple[str, tuple[Any, ...], Any]
):
    method, path = asked.split(" ")
    assert await api.call(method, f"/v1.48/containers/c1{path}") == (status, None)
    assert containers.calls == [call]


@pytest.mark.parametrize(
    ("path", "call"),
    [
        ("/c1/json", ("inspect", ("c1",), {"size": False})),
        ("/c1/json?size=1", ("inspect", ("c1",), {"size": True})),
        ("/c1/top", ("top", ("c1", "-ef"), {})),
        ("/c1/top?ps_args=aux", ("top", ("c1", "aux"), {})),
        ("/json", ("summaries", (), {"all_": False, "limit": 0, "size": False, "filters": {}})),
        (
            '/json?all=1&limit=3&size=1&filters={"status":["exited"]}',
            ("summaries", (), {"all_": True, "limit": 3, "size": True, "filters": {"status": ["exited"]}}),
        ),
    ],
)
async def test_questions(serve: Serve, path: str, call: tuple[str, tuple[Any, ...], Any]):
    containers = Containers([{"Id": "c1"}])
    api = await serve(containers=containers)
    assert await api.get(f"/containers{path}") == (200, [{"Id": "c1"}])
    assert containers.calls == [call]


@pytest.mark.parametrize(
    ("asked", "status", "message"),
    [
        ("POST /c1/stop?t=abc", 400, "invalid value 'abc' for t: a whole number is expected"),
        ("POST /c1/stop?t=1_0", 400, "invalid value '1_0' for t: a whole number is expected"),
        ("POST /c1/stop?t=1234567890", 400, "invalid value '1234567890' for t: a whole number is expected"),
        ("POST /c1/rename", 400, "Neither old nor new names may be empty"),
        ("POST /c1/rename?name=/", 400, "Neither old nor new names may be empty"),
        ("POST /c1/resize", 400, 'invalid resize height "": a number of characters is expected'),
        ("POST /c1/resize?h=4&w=a", 400, 'invalid resize width "a": a number of characters is expected'),
        ("POST /c1/resize?h=4&w=65536", 400, 'invalid resize width "65536": a number of characters is expected'),
        ("POST /c1/start?checkpoint=x", 501, "starting from a checkpoint is not supported"),
        ("GET /json?limit=abc", 400, "invalid value 'abc' for limit: a whole number is expected"),
    ],
)
async def test_refusals(api: Api, containers: Containers, asked: str, status: int, message: str):
    method, path = asked.split(" ")
    assert await api.call(method, f"/containers{path}") == (status, {"message": message})
    assert containers.calls == []


async def test_start_takes_no_config(api: Api):
    status, answer = await api.post("/containers/c1/start", {"Binds": ["/:/host"]})
    assert (status, "removed in v1.24" in answer["message"]) == (400, True)
    assert await api.post("/containers/c1/start", {}) == (204, None)


async def test_link_is_not_supported(api: Api):
    status, answer = await api.call("DELETE", "/containers/c1?link=1")
    assert (status, "link" in answer["message"]) == (501, True)


async def test_create(serve: Serve):
    containers = Containers(("c" * 64, ["careful"]))
    api = await serve(containers=containers)
    body = {
        "Image": "busybox",
        "Cmd": ["true"],
        "HostConfig": {"Binds": ["a:/b"]},
        "NetworkingConfig": {"EndpointsConfig": {"bridge": None}},
    }
    answer = await api.post("/containers/create?name=/c1&platform=linux/amd64", body)
    assert answer == (201, {"Id": "c" * 64, "Warnings": ["careful"]})
    ((_, (wanted,), _),) = containers.calls
    assert isinstance(wanted, CreateRequest)
    assert (wanted.name, wanted.platform) == ("/c1", "linux/amd64")
    assert (wanted.config.image, wanted.config.cmd) == ("busybox", ["true"])
    assert wanted.host_config.binds == ["a:/b"]
    assert wanted.networking.endpoints_config == {"bridge": None} or wanted.networking.endpoints_config is not None


@pytest.mark.parametrize(
    ("body", "status", "part"),
    [
        ({}, 400, "config cannot be empty in order to create a container"),
        ({"HostConfig": {}}, 400, "config cannot be empty in order to create a container"),
        ({"Image": 5}, 400, "Config"),
        ({"Image": "a", "HostConfig": []}, 400, "HostConfig"),
        ({"Image": "a", "HostConfig": {"StorageOpt": {"size": "1G"}}}, 501, "HostConfig.StorageOpt"),
        ({"Image": "a", "Nonsense": True}, 501, "Config.Nonsense"),
    ],
)
async def test_create_refuses(api: Api, containers: Containers, body: Any, status: int, part: str):
    answered, answer = await api.post("/containers/create", body)
    assert (answered, part in answer["message"]) == (status, True)
    assert containers.calls == []
