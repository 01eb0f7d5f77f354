from pathlib import Path
from types import SimpleNamespace
from typing import Any, ClassVar

import pytest

from engine import __version__
from engine.config import Config
from engine.container.state import Status
from engine.server.system import System
from tests.engine.server.client import Api
from tests.engine.server.conftest import Serve


class Runtime:
    """The execution driver, as far as it is asked."""

    name = "runc"
    runtimes: ClassVar = {"runc": "/usr/sbin/runc", "other": "/opt/other"}

    def __init__(self) -> None:
        self.asked = 0

    async def version(self) -> str:
        self.asked += 1
        return "1.1.5"


def make(home: Path, runtime: Runtime | None = None, **settings: Any) -> System:
    states = [Status.RUNNING, Status.RUNNING, Status.PAUSED, Status.EXITED, Status.CREATED]
    parts: Any = {
        "containers": [SimpleNamespace(status=status) for status in states],
        "images": SimpleNamespace(list=lambda: ["one", "two"]),
        "graph": SimpleNamespace(name="overlay2", status=lambda: [("Supports d_type", "true")]),
        "execution": runtime or Runtime(),
    }
    return System(Config(home=home, **settings), **parts)


@pytest.fixture
async def api(serve: Serve, tmp_path: Path) -> Api:
    return await serve(system=make(tmp_path))


@pytest.mark.parametrize("method", ["GET", "HEAD"])
async def test_ping(api: Api, method: str):
    async with api.http.request(method, "/_ping") as response:
        assert response.status == 200
        assert await response.text() == ("OK" if method == "GET" else "")
        assert response.headers["Builder-Version"] == "1"
        assert response.headers["Swarm"] == "inactive"
        assert response.headers["Cache-Control"] == "no-cache, no-store, must-revalidate"
        assert response.headers["Pragma"] == "no-cache"
        assert response.headers["Content-Type"] == "text/plain; charset=utf-8"


async def test_version(api: Api):
    status, version = await api.get("/version")
    assert status == 200
    assert (version["ApiVersion"], version["MinAPIVersion"], version["Version"]) == ("1.48", "1.24", __version__)
    assert [(each["Name"], each["Version"]) for each in version["Components"]] == [
        ("Engine", __version__),
        ("runc", "1.1.5"),
    ]


async def test_info_counts(api: Api):
    _, info = await api.get("/info")
    counts = {name: info[name] for name in info if name.startswith(("Containers", "Images"))} | {"ContainerdCommit": 0}
    assert counts == {
        "Containers": 5,
        "ContainersRunning": 2,
        "ContainersPaused": 1,
        "ContainersStopped": 2,
        "Images": 2,
        "ContainerdCommit": 0,
    }
    assert info["DriverStatus"] == [["Supports d_type", "true"]]
    assert info["MemTotal"] > 0
    assert info["NCPU"] > 0


async def test_runtime_is_asked_once(serve: Serve, tmp_path: Path):
    runtime = Runtime()
    api = await serve(system=make(tmp_path, runtime))
    for path in ("/version", "/info", "/version"):
        await api.get(path)
    assert runtime.asked == 1


async def test_engine_keeps_its_id(tmp_path: Path):
    first = (await make(tmp_path).info())["ID"]
    assert (await make(tmp_path).info())["ID"] == first


async def test_registries(tmp_path: Path):
    system = make(
        tmp_path, insecure_registries=("10.0.0.0/8", "reg.lan:5000"), registry_mirrors=("https://mirror.lan",)
    )
    registries = (await system.info())["RegistryConfig"]
    assert registries["InsecureRegistryCIDRs"] == ["::1/128", "127.0.0.0/8", "10.0.0.0/8"]
    assert registries["Mirrors"] == ["https://mirror.lan/"]
    assert registries["IndexConfigs"] == {
        "reg.lan:5000": {"Name": "reg.lan:5000", "Mirrors": [], "Secure": False, "Official": False},
        "docker.io": {"Name": "docker.io", "Mirrors": ["https://mirror.lan/"], "Secure": True, "Official": True},
    }


async def test_proxys_password_is_not_shown(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("HTTPS_PROXY", "http://me:secret@proxy.lan:3128")
    monkeypatch.setenv("NO_PROXY", "a@b")
    info = await make(tmp_path).info()
    assert info["HttpsProxy"] == "http://xxxxx:xxxxx@proxy.lan:3128"
    assert "secret" not in str(info)
