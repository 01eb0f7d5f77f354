"""A pull that ended before its time: the next one goes on where it was."""

import asyncio
import os
import random
import time
from contextlib import aclosing
from pathlib import Path

import pytest
from aiohttp import web

from engine.image.reference import parse
from tests.engine.image.archives import archive, entry
from tests.engine.registry.conftest import AMD64, Store
from tests.engine.registry.standin import StandIn

pytestmark = pytest.mark.root

HALF = 3 << 20


def _partial(store: Store) -> list[Path]:
    return list((store.home / "images/partial").iterdir())


async def _cancelled(stand_in: StandIn, store: Store) -> tuple[str, list[str]]:
    """Pull an image half; returns its reference, and the list of the ranges that are asked for from now on."""
    content = random.Random(1).randbytes(2 * HALF)
    digest = stand_in.content.image("t", archive(entry("a", data=content)))["layers"][0]["digest"]
    ranges: list[str] = []

    async def stall(request: web.Request, _answer: web.Response) -> web.StreamResponse | None:
        if digest not in request.path:
            return None
        ranges.append(request.headers.get("Range", ""))
        if len(ranges) > 1:
            return None
        data = stand_in.content.blobs[digest]
        response = web.StreamResponse(headers={"Content-Length": str(len(data))})
        await response.prepare(request)
        await response.write(data[:HALF])
        for place in range(HALF, len(data), 1000):  # as slow as to be cut before its end
            await asyncio.sleep(0.05)
            await response.write(data[place : place + 1000])
        return response

    stand_in.bend = stall
    ref = f"{stand_in.host}/x:t"
    async with aclosing(store.puller.pull(parse(ref), AMD64)) as messages:
        async for message in messages:
            if message.get("progressDetail", {}).get("current", 0) > HALF:
                break
    return ref, ranges


async def test_goes_on_where_it_was(stand_in: StandIn, store: Store) -> None:
    ref, ranges = await _cancelled(stand_in, store)
    (kept,) = _partial(store)
    size = kept.stat().st_size
    assert size > 1 << 20
    store.images.sweep()  # a restart leaves it
    await store.pull(ref)
    assert ranges[1:] == [f"bytes={size}-"]
    assert _partial(store) == []


async def test_what_was_kept_is_not_believed(stand_in: StandIn, store: Store) -> None:
    """A machine that lost its power may have lost bytes in the midst."""
    ref, ranges = await _cancelled(stand_in, store)
    (kept,) = _partial(store)
    size = kept.stat().st_size
    kept.write_bytes(bytes(size))
    await store.pull(ref)
    assert ranges[1:] == [f"bytes={size}-", ""]
    assert _partial(store) == []


async def test_what_nobody_wants_goes_after_a_day(stand_in: StandIn, store: Store) -> None:
    await _cancelled(stand_in, store)
    (kept,) = _partial(store)
    os.utime(kept, (time.time() - 90_000,) * 2)
    stand_in.content.image("other", archive(entry("b", data=b"b")))
    await store.pull(f"{stand_in.host}/x:other")
    assert _partial(store) == []
