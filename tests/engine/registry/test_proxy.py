"""Proxies of the environment."""

from pathlib import Path
from typing import Self

import pytest
from aiohttp import ClientSession, web
from aiohttp.test_utils import TestServer
from yarl import URL

from engine.registry.proxy import proxy_for
from tests.engine.registry.conftest import open_store
from tests.engine.registry.standin import StandIn, basic, layer


@pytest.mark.parametrize(
    ("url", "proxy"),
    [
        ("https://registry.example/v2/", "http://proxy.example:3128"),
        ("http://registry.example/v2/", None),
        ("https://inside.corp/v2/", None),
        ("https://localhost:5000/", None),
        ("https://127.0.0.1:5000/", None),
        ("https://[::1]:5000/", None),
    ],
)
def test_proxy(monkeypatch: pytest.MonkeyPatch, url: str, proxy: str | None) -> None:
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "NO_PROXY"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("https_proxy", "http://proxy.example:3128")
    monkeypatch.setenv("no_proxy", ".corp")
    assert proxy_for(URL(url)) == proxy


class ForwardProxy:
    """Takes plain requests for any host to the stand-in; `asked` are their URLs and what proves who asks the proxy."""

    def __init__(self, target: str) -> None:
        self._target = target
        self.asked: list[tuple[str, str | None]] = []
        self._server = TestServer(web.Application())
        self._server.app.router.add_get("/{path:.*}", self._handle)

    async def _handle(self, request: web.Request) -> web.Response:
        self.asked.append((request.raw_path, request.headers.get("Proxy-Authorization")))
        path = URL(request.raw_path).raw_path
        async with ClientSession() as session, session.get(f"http://{self._target}{path}") as answer:
            kind = {"Content-Type": answer.headers["Content-Type"]}
            return web.Response(status=answer.status, body=await answer.read(), headers=kind)

    async def __aenter__(self) -> Self:
        await self._server.start_server()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._server.close()

    @property
    def url(self) -> str:
        return f"http://user:word@127.0.0.1:{self._server.port}"


@pytest.mark.root
async def test_a_pull_through_a_proxy(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, stand_in: StandIn) -> None:
    """The registry's name is one that only the proxy knows."""
    stand_in.content.image("t", layer("a"))
    monkeypatch.setenv("no_proxy", "")
    async with ForwardProxy(stand_in.host) as proxy:
        monkeypatch.setenv("http_proxy", proxy.url)
        async for store in open_store(tmp_path, insecure_registries=("registry.invalid:5000",)):
            await store.pull("registry.invalid:5000/x:t")
            assert store.images.get("registry.invalid:5000/x:t").size
    assert {URL(url).host for url, _ in proxy.asked} == {"registry.invalid"}
    assert {proof for _, proof in proxy.asked} == {basic("user", "word")}
