"""A pull from registries that are busy, go away, or have only a part: it waits, or asks the next one."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from aiohttp import web
from yarl import URL

from engine.errors import Unavailable
from engine.registry import endpoint
from tests.engine.registry.conftest import Store, open_store
from tests.engine.registry.standin import StandIn, layer, refuse

pytestmark = pytest.mark.root


def _answering(server: StandIn, part: str, *answers: web.Response) -> None:
    """Let the first requests for a path with `part` in it have these answers."""
    left = list(answers)

    async def bend(request: web.Request, _answer: web.Response) -> web.Response | None:
        return left.pop(0) if part in request.path and left else None

    server.bend = bend


def _busy(seconds: str) -> web.Response:
    return refuse(429, "TOOMANYREQUESTS", "slow down", Retry_After=seconds)


async def test_a_busy_registry_is_asked_again_when_it_says(stand_in: StandIn, store: Store) -> None:
    stand_in.content.image("t", layer("a"))
    _answering(stand_in, "/manifests/", _busy("1"))
    await store.pull(f"{stand_in.host}/x:t")
    assert len(stand_in.asked("/manifests/")) == 2


@pytest.mark.parametrize("seconds", ["86400", ""])
async def test_but_not_tomorrow_nor_at_a_guess(stand_in: StandIn, store: Store, seconds: str) -> None:
    stand_in.content.image("t", layer("a"))
    _answering(stand_in, "/manifests/", _busy(seconds))
    with pytest.raises(Unavailable, match="toomanyrequests: slow down"):
        await store.pull(f"{stand_in.host}/x:t")
    assert len(stand_in.asked("/manifests/")) == 1


async def test_a_config_is_asked_for_again(stand_in: StandIn, store: Store) -> None:
    config = stand_in.content.image("t", layer("a"))["config"]["digest"]
    _answering(stand_in, config, web.Response(status=503), web.Response(status=500))
    await store.pull(f"{stand_in.host}/x:t")
    assert len(stand_in.asked(config)) == 3


class TestMirrors:
    @pytest.fixture
    async def mirrored(
        self, tmp_path: Path, stand_in: StandIn, monkeypatch: pytest.MonkeyPatch
    ) -> AsyncIterator[tuple[Store, StandIn]]:
        """A store with the stand-in for the default registry, and a mirror of it."""
        monkeypatch.setattr(endpoint, "_DEFAULT_REGISTRY", URL(f"http://{stand_in.host}"))
        stand_in.content.image("1", layer("a"), layer("b"))
        async with StandIn(stand_in.content) as mirror:
            async for store in open_store(tmp_path, registry_mirrors=(f"http://{mirror.host}",)):
                yield store, mirror

    async def test_a_mirror_that_has_it_all(self, mirrored: tuple[Store, StandIn], stand_in: StandIn) -> None:
        store, mirror = mirrored
        await store.pull("app:1")
        assert mirror.asked("/blobs/")
        assert not stand_in.requests

    @pytest.mark.parametrize("status", [401, 403, 404, 429, 500])
    async def test_a_mirror_that_refuses(self, mirrored: tuple[Store, StandIn], stand_in: StandIn, status: int) -> None:
        store, mirror = mirrored
        _answering(mirror, "/manifests/", *(web.Response(status=status) for _ in range(9)))
        await store.pull("app:1")
        assert stand_in.asked("/manifests/")

    @pytest.mark.parametrize("status", [401, 404, 500])
    async def test_a_mirror_that_has_lost_the_layers(
        self, mirrored: tuple[Store, StandIn], stand_in: StandIn, status: int
    ) -> None:
        store, mirror = mirrored
        config = stand_in.content.image("1", layer("a"), layer("b"))["config"]["digest"]

        async def bend(request: web.Request, _answer: web.Response) -> web.Response | None:
            is_layer = "/blobs/" in request.path and config not in request.path
            return web.Response(status=status) if is_layer else None

        mirror.bend = bend
        await store.pull("app:1")
        assert len(stand_in.asked("/blobs/")) == 2
        assert not stand_in.asked("/manifests/")
