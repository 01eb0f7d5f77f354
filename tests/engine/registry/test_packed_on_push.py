"""Plain layers travel gzipped, but those of an image that came with a manifest: that one keeps every digest."""

import gzip
import json

import pytest
from aiohttp import web

from engine.errors import InvalidParameter
from engine.image.archive.load import load
from engine.image.manifest import OCI_MANIFEST
from tests.engine.image.archive.bundles import LAYER, config, docker, pieces, sha
from tests.engine.registry.conftest import Store
from tests.engine.registry.receiver import Receiver
from tests.engine.registry.standin import StandIn
from tests.engine.registry.test_pusher import pulled, push, receiver

pytestmark = pytest.mark.root

__all__ = ["receiver"]

_PLAIN = "application/vnd.oci.image.layer.v1.tar"


async def test_of_an_image_that_was_loaded(receiver: Receiver, store: Store) -> None:
    async for _ in load(store.images, store.bus, pieces(docker()), quiet=True):
        pass
    await store.images.tag("app:1", f"{receiver.host}/y", "1")
    said = await push(store, f"{receiver.host}/y:1", chunk=1 << 20)
    assert "Pushed" in said

    pushed = json.loads(receiver.manifests["1"][1])
    assert pushed["config"]["digest"] == f"sha256:{sha(config())}" == store.images.get("app:1").id
    (sent,) = pushed["layers"]
    assert sent["mediaType"] == f"{_PLAIN}+gzip"
    assert gzip.decompress(receiver.blobs[sent["digest"]]) == LAYER

    # The store has it in place of the plain one, and sends it again without more work.
    names = {sent["digest"], store.images.get("app:1").id, f"sha256:{sha(receiver.manifests['1'][1])}"}
    assert {f"sha256:{name}" for name in store.files()["blobs"]} == names
    assert "Layer already exists" in await push(store, f"{receiver.host}/y:1")
    await store.images.remove("app:1")
    await store.images.remove(f"{receiver.host}/y:1")
    assert store.files()["blobs"] == []


async def test_a_push_that_fails_leaves_the_image_as_it_was(receiver: Receiver, store: Store) -> None:
    async for _ in load(store.images, store.bus, pieces(docker()), quiet=True):
        pass
    await store.images.tag("app:1", f"{receiver.host}/y", "1")
    before = store.files()

    async def refuse_manifest(request):
        return web.Response(status=400) if "/manifests/" in request.path and request.method == "PUT" else None

    receiver.fault = refuse_manifest
    with pytest.raises(InvalidParameter):
        await push(store, f"{receiver.host}/y:1", chunk=1 << 20)
    assert store.files() == before


async def test_not_of_one_that_was_pulled(stand_in: StandIn, receiver: Receiver, store: Store) -> None:
    manifest = stand_in.content.image("t", LAYER)
    manifest["layers"] = [stand_in.content.descriptor(_PLAIN, LAYER)]
    stand_in.content.put("t", manifest)
    await push(store, await pulled(store, stand_in, receiver), chunk=1 << 20)
    assert receiver.manifests["t"] == (OCI_MANIFEST, stand_in.content.manifests["t"][1])
    assert receiver.blobs[f"sha256:{sha(LAYER)}"] == LAYER
