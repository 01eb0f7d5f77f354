from pathlib import Path

import pytest
from aiohttp import web

from dashboard.hosts.client import EngineFailure, engine, stream
from dashboard.hosts.models import Host
from tests.support import session


class Odd:
    """An engine that answers oddly, on a unix socket."""

    def __init__(self) -> None:
        self.path = session.directory("odd") / "s"
        self.host = Host(name="odd", url=f"unix://{self.path}")
        application = web.Application()
        application.router.add_get("/v1.41/version", self._charset)
        application.router.add_get("/v1.41/images/json", self._proxy_page)
        application.router.add_get("/v1.41/containers/json", self._hang_up)
        self._runner = web.AppRunner(application, shutdown_timeout=1)

    async def __aenter__(self) -> "Odd":
        await self._runner.setup()
        await web.UnixSite(self._runner, str(self.path)).start()
        return self

    async def __aexit__(self, *_error: object) -> None:
        await self._runner.cleanup()

    async def _charset(self, _request: web.Request) -> web.Response:
        return web.json_response({"message": "broken"}, status=500)

    async def _proxy_page(self, _request: web.Request) -> web.Response:
        return web.Response(text="  bad gateway\n", status=502)

    async def _hang_up(self, request: web.Request) -> web.Response:
        assert request.transport is not None
        request.transport.abort()
        return web.Response()


async def test_the_engines_message_is_unwrapped_whatever_its_content_type() -> None:
    async with Odd() as odd:
        with pytest.raises(EngineFailure) as caught:
            async with engine(odd.host) as docker:
                await docker.version()
    assert (caught.value.message, caught.value.status) == ("broken", 500)


async def test_a_message_that_is_not_dockers_is_shown_as_it_is() -> None:
    async with Odd() as odd:
        with pytest.raises(EngineFailure) as caught:
            async with engine(odd.host) as docker:
                await docker.images.list()
    assert (caught.value.message, caught.value.status) == ("bad gateway", 502)


async def test_an_engine_that_hangs_up_is_unreachable() -> None:
    async with Odd() as odd:
        with pytest.raises(EngineFailure, match="Engine not reachable at unix://") as caught:
            async with engine(odd.host) as docker:
                await docker.containers.list()
    assert caught.value.is_unreachable


async def test_a_streams_refusal_is_a_failure_too() -> None:
    async with Odd() as odd:
        with pytest.raises(EngineFailure, match="Not Found"):
            async with engine(odd.host) as docker, stream(docker, "nothing", {}):
                pass


async def test_no_socket_is_told_with_the_systems_reason(tmp_path: Path) -> None:
    host = Host(name="gone", url=f"unix://{tmp_path}/none.sock")
    with pytest.raises(EngineFailure, match=r"Engine not reachable at unix:///.*: ") as caught:
        async with engine(host) as docker:
            await docker.version()
    assert caught.value.status == 503
    assert "No such file or directory" in caught.value.message


async def test_what_is_not_the_engines_passes_through() -> None:
    with pytest.raises(KeyError):
        async with engine(Host(name="any", url="unix:///none")):
            raise KeyError
