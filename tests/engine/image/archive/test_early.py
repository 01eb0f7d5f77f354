"""Layers of an archive are unpacked before the archive has come to its end, and only those that it names stay."""

import asyncio
import gzip
import random
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest

from engine.errors import InvalidParameter
from engine.image.archive.load import load
from tests.engine.image.archive.bundles import config, docker, loaded, pieces
from tests.engine.image.archives import archive, entry
from tests.engine.image.shelf import Shelf

pytestmark = pytest.mark.root

_LARGE = archive(entry("first", data=random.Random(1).randbytes(5 << 20)), entry("second", data=b"2" * 100_000))


def _archive(layer: bytes) -> bytes:
    """An archive in Docker's form, whose manifest comes last."""
    return docker({"l/layer.tar": layer}, raw=config(_LARGE))


def _stagings(shelf: Shelf) -> list[Path]:
    return list((shelf.home / "overlay/staging").iterdir())


async def _until_unpacked(data: bytes, shelf: Shelf) -> AsyncIterator[bytes]:
    """All of it but the last pieces, and those when a file of the layer is there."""
    async for piece in pieces(data[:-4000], 64 << 10):
        yield piece
    async with asyncio.timeout(20):
        while not list((shelf.home / "overlay/staging").rglob("first")):
            await asyncio.sleep(0.01)
    yield data[-4000:]


@pytest.mark.parametrize("compress", [bytes, lambda data: gzip.compress(data, 1)], ids=["plain", "gzip"])
async def test_unpacked_while_it_comes_in(compress: Callable[[bytes], bytes], shelf: Shelf) -> None:
    body = _until_unpacked(_archive(compress(_LARGE)), shelf)
    said = [message async for message in load(shelf.images, shelf.events, body, quiet=True)]
    assert said == [{"stream": "Loaded image: app:1\n"}]
    assert shelf.images.get("app:1").size == (5 << 20) + 100_000
    (layer,) = [path for path in (shelf.home / "overlay/layers").iterdir() if path.name != "none"]
    assert (layer / "second").read_bytes() == b"2" * 100_000
    assert _stagings(shelf) == []


async def test_an_archive_that_is_refused_leaves_nothing(shelf: Shelf) -> None:
    other = archive(entry("other", data=b"x" * (5 << 20)))
    broken = _LARGE[:512] + b"?" * (5 << 20)
    for layer in (other, broken):
        with pytest.raises(InvalidParameter, match="failed to register layer"):
            await loaded(shelf, _archive(layer))
        assert shelf.files() == (0, 0)
        assert _stagings(shelf) == []


async def test_a_large_file_that_is_no_layer(shelf: Shelf) -> None:
    data = docker({"notes.tar": _LARGE, "notes.txt": b"x" * (5 << 20)})
    assert await loaded(shelf, data) == [{"stream": "Loaded image: app:1\n"}]
    assert _stagings(shelf) == []


async def test_a_client_that_goes_leaves_nothing(shelf: Shelf) -> None:
    async def body() -> AsyncIterator[bytes]:
        async for piece in _until_unpacked(_archive(_LARGE), shelf):
            yield piece
            if _stagings(shelf) and list((shelf.home / "overlay/staging").rglob("first")):
                raise ConnectionResetError

    with pytest.raises(ConnectionResetError):
        [message async for message in load(shelf.images, shelf.events, body(), quiet=True)]
    assert shelf.files() == (0, 0)
    assert _stagings(shelf) == []


async def test_one_file_as_two_layers(shelf: Shelf) -> None:
    data = docker({"l/layer.tar": _LARGE}, raw=config(_LARGE, _LARGE), row={"Layers": ["l/layer.tar", "l/layer.tar"]})
    await loaded(shelf, data)
    assert len(shelf.images.get("app:1").layers) == 2
    assert _stagings(shelf) == []
