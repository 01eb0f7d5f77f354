"""What a request to build, or to prune, means to the builder."""

import base64
import json
import re
from collections.abc import AsyncIterable, AsyncIterator
from typing import Any
from urllib.parse import urlencode

import pytest

from engine.build.cache.prune import Pruning
from engine.build.request import BuildRequest
from engine.registry.auth import Credentials
from tests.engine.server.client import Api
from tests.engine.server.conftest import Serve


class Recorder:
    """A builder that writes down what it is asked for."""

    def __init__(self) -> None:
        self.builds: list[BuildRequest] = []
        self.prunes: list[Pruning] = []

    async def build(self, request: BuildRequest, body: AsyncIterable[bytes]) -> AsyncIterator[dict[str, Any]]:
        self.builds.append(request)
        async for _ in body:
            pass
        yield {"stream": "done"}

    async def prune(self, wanted: Pruning) -> dict[str, Any]:
        self.prunes.append(wanted)
        return {"CachesDeleted": None, "SpaceReclaimed": 0}


@pytest.fixture
def recorder() -> Recorder:
    return Recorder()


@pytest.fixture
async def api(serve: Serve, recorder: Recorder) -> Api:
    return await serve(builds=recorder)


def _encoded(value: Any) -> str:
    return base64.b64encode(json.dumps(value).encode()).decode()


async def test_what_the_docker_client_sends(api: Api, recorder: Recorder) -> None:
    query = urlencode(
        {
            "buildargs": '{"A":"1","B":null}', "cachefrom": '["x","y"]', "cgroupparent": "", "cpuperiod": "0",
            "cpuquota": "0", "cpusetcpus": "0", "cpusetmems": "", "cpushares": "512", "dockerfile": "sub/../D",
            "labels": '{"l":"v"}', "memory": "104857600", "memswap": "-1", "networkmode": "none", "rm": "1",
            "shmsize": "1048576", "target": "last", "ulimits": '[{"Name":"nofile","Soft":10,"Hard":20}]',
            "version": "1", "nocache": "1", "pull": "1", "q": "1", "session": "abc", "buildid": "def",
            "extrahosts": "a:1.2.3.4", "platform": "",
        }
    ) + "&t=one&t=two:three"  # fmt: skip
    headers = {
        "X-Registry-Config": _encoded({"https://index.docker.io/v1/": {"username": "me", "password": "p"}}),
        "X-Portside-Secrets": _encoded({"token": base64.b64encode(b"\0hush").decode()}),
    }
    assert (await api.call("POST", f"/build?{query}", headers=headers))[0] == 200
    (asked,) = recorder.builds
    assert [tag.familiar for tag in asked.tags] == ["one:latest", "two:three"]
    assert (asked.dockerfile, asked.target, asked.network) == ("D", "last", "none")
    assert (asked.args, asked.labels, asked.cache_from) == ({"A": "1"}, {"l": "v"}, ("x", "y"))
    assert (asked.use_cache, asked.pull, asked.quiet, asked.squash) == (False, True, True, False)
    limits = asked.limits
    assert (limits.memory, limits.cpu_shares, limits.shm_size, limits.extra_hosts) == (
        100 << 20,
        512,
        1 << 20,
        ["a:1.2.3.4"],
    )
    assert limits.ulimits is not None
    assert limits.ulimits[0].hard == 20
    assert asked.credentials_for("docker.io") == Credentials("me", "p")
    assert asked.secrets == {"token": b"\0hush"}
    assert "hush" not in repr(asked)


@pytest.mark.parametrize(
    ("query", "status", "message"),
    [
        ("version=2", 501, "DOCKER_BUILDKIT=0"),
        ("outputs=[{}]", 501, "outputs"),
        ("remote=client-session", 501, "BuildKit"),
        ("platform=linux/s390x", 501, "this host builds for"),
        ("platform=a/b/c/d", 400, "invalid OS and architecture"),
        ("securityopt=[%22a%22]", 501, "securityopt"),
        ("isolation=hyperv", 400, "isolation"),
        ("t=UPPER", 400, "must be lowercase"),
        ("t=a@sha256:" + "0" * 64, 400, "digest reference"),
        ("buildargs=[]", 400, "buildargs"),
        ("labels=%7B%22a%22:1%7D", 400, "labels"),
        ("labels=%7B", 400, "invalid labels"),
        ("memory=much", 400, "memory"),
        ("memory=1", 400, "[Mm]emory"),
        ("cachefrom=[1]", 400, "cachefrom"),
        ("dockerfile=..", 400, "the name of a file"),
    ],
)
async def test_what_can_not_be_honoured_is_named(api: Api, query: str, status: int, message: str) -> None:
    answered, body = await api.call("POST", f"/build?{query}")
    assert answered == status
    assert re.search(message, body["message"])


@pytest.mark.parametrize("header", ["X-Registry-Config", "X-Portside-Secrets"])
@pytest.mark.parametrize("value", ["%%%", _encoded([]), base64.b64encode(b"{").decode()])
async def test_broken_headers_are_refused(api: Api, header: str, value: str) -> None:
    status, body = await api.call("POST", "/build", headers={header: value})
    assert (status, header in body["message"]) == (400, True)


async def test_a_prune(api: Api, recorder: Recorder) -> None:
    filters = '{"until":["24h"]}'
    assert (await api.call("POST", f"/build/prune?all=1&keep-storage=5000000000&filters={filters}"))[0] == 200
    assert recorder.prunes == [Pruning(filters={"until": ["24h"]}, keep=5_000_000_000, all_=True)]
    assert (await api.call("POST", "/build/prune?min-free-space=1"))[0] == 501
