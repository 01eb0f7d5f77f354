"""A layer is unpacked while it comes in, and only what was verified counts."""

import asyncio
import random
from pathlib import Path

import pytest
from aiohttp import web

from tests.engine.image.archives import archive, entry
from tests.engine.registry.conftest import Store
from tests.engine.registry.standin import StandIn

pytestmark = pytest.mark.root

_LARGE = 3 << 20


def _image(stand_in: StandIn) -> str:
    """An image of one layer with two files; returns the layer's digest."""
    files = (entry(name, data=random.Random(name).randbytes(_LARGE)) for name in ("first", "second"))
    digest: str = stand_in.content.image("t", archive(*files))["layers"][0]["digest"]
    return digest


def _unpacked(store: Store) -> list[Path]:
    return list((store.home / "overlay/staging").rglob("first"))


async def test_a_file_is_there_before_the_layer_is(stand_in: StandIn, store: Store) -> None:
    digest = _image(stand_in)
    seen: list[Path] = []

    async def in_two_parts(request: web.Request, _answer: web.Response) -> web.StreamResponse | None:
        if digest not in request.path:
            return None
        data = stand_in.content.blobs[digest]
        response = web.StreamResponse(headers={"Content-Length": str(len(data))})
        await response.prepare(request)
        await response.write(data[: _LARGE * 3 // 2])
        async with asyncio.timeout(20):
            while not seen:
                await asyncio.sleep(0.01)
                seen.extend(_unpacked(store))
        await response.write(data[_LARGE * 3 // 2 :])
        return response

    stand_in.bend = in_two_parts
    await store.pull(f"{stand_in.host}/x:t")
    assert seen
    assert store.images.get(f"{stand_in.host}/x:t").size == 2 * _LARGE


@pytest.mark.parametrize("broken", ["at its begin", "in the middle"])
async def test_what_the_wire_broke_is_mended(stand_in: StandIn, store: Store, broken: str) -> None:
    """The early unpacking fails at the broken bytes; the layer is made of those that came by the second try."""
    digest = _image(stand_in)
    place = 0 if broken == "at its begin" else _LARGE

    async def once_broken(request: web.Request, _answer: web.Response) -> web.StreamResponse | None:
        if digest not in request.path or len(stand_in.asked(digest)) > 1:
            return None
        data = bytearray(stand_in.content.blobs[digest])
        data[place : place + 1000] = bytes(1000)
        return web.Response(body=bytes(data))

    stand_in.bend = once_broken
    await store.pull(f"{stand_in.host}/x:t")
    assert len(stand_in.asked(digest)) == 2
    (layer,) = store.files()["layers"]
    unpacked = store.home / "overlay/layers" / layer / "second"
    assert unpacked.read_bytes() == random.Random("second").randbytes(_LARGE)
