"""Images for one platform and for several: which of them an archive gives, and which are saved."""

import json

import pytest

from engine.errors import InvalidParameter, NotFound
from engine.image.archive.load import load
from engine.image.archive.save import save
from engine.image.platform import Platform
from tests.engine.image.archive.bundles import (
    CONFIG_TYPE,
    INDEX_TYPE,
    LAYER,
    MANIFEST_TYPE,
    config,
    descriptor,
    docker,
    layout,
    manifest,
    pieces,
)
from tests.engine.image.shelf import Shelf

pytestmark = pytest.mark.root

_ARM = Platform("linux", "arm64")
_INTEL = Platform("linux", "amd64")


async def _loaded(shelf: Shelf, data: bytes, platform: Platform | None) -> list[str]:
    messages = load(shelf.images, shelf.events, pieces(data), quiet=True, platform=platform)
    return [message["stream"].strip() async for message in messages]


def _nested() -> bytes:
    """An index in an index, with an image for each of two platforms, by one name."""
    documents, rows = [], []
    for architecture in ("amd64", "arm64"):
        raw = config(LAYER, architecture=architecture)
        document = manifest(config=descriptor(CONFIG_TYPE, raw))
        documents += [raw, document]
        rows.append(descriptor(MANIFEST_TYPE, document, platform={"os": "linux", "architecture": architecture}))
    inner = json.dumps({"schemaVersion": 2, "mediaType": INDEX_TYPE, "manifests": rows}).encode()
    name = {"annotations": {"io.containerd.image.name": "docker.io/library/app:1"}}
    return layout(descriptor(INDEX_TYPE, inner, **name), blobs=(inner, *documents))


@pytest.mark.parametrize("platform", [_INTEL, _ARM])
async def test_one_of_several_is_loaded(platform: Platform, shelf: Shelf) -> None:
    assert await _loaded(shelf, _nested(), platform) == ["Loaded image: app:1"]
    assert shelf.images.get("app:1").platform == platform


@pytest.mark.parametrize("data", [docker(), _nested()], ids=["docker", "oci"])
async def test_none_that_fits(data: bytes, shelf: Shelf) -> None:
    with pytest.raises((InvalidParameter, NotFound), match="linux/s390x"):
        await _loaded(shelf, data, Platform("linux", "s390x"))
    assert shelf.files() == (0, 0)


async def test_saving_one_that_does_not_fit(shelf: Shelf) -> None:
    await shelf.add("app:1")
    assert [piece async for piece in save(shelf.images, ["app:1"], _INTEL)]
    said = r"image with reference app:1 was found but its platform \(linux/amd64\) does not match .* \(linux/arm64\)"
    with pytest.raises(NotFound, match=said):
        [piece async for piece in save(shelf.images, ["app:1"], _ARM)]
