"""Pushing to a registry that cuts, forgets and delays, and images whose layers are not as their manifest says."""

import asyncio
import gzip
import json
import random
import time
from collections.abc import AsyncIterator
from contextlib import aclosing
from email.utils import formatdate

import pytest
from aiohttp import web

from engine.errors import EngineError, Forbidden, InvalidParameter, NotFound, Unauthorized, Unavailable
from engine.image.platform import Platform
from engine.image.reference import parse
from engine.registry.auth import NOBODY, Credentials
from engine.registry.connection import retry_after
from engine.registry.pusher import Pusher
from tests.engine.image.archives import archive, entry
from tests.engine.registry.conftest import Store
from tests.engine.registry.receiver import Receiver
from tests.engine.registry.standin import StandIn, basic, digest, layer, refuse
from tests.engine.registry.test_auth import TokenServer

pytestmark = pytest.mark.root

CHUNK = 4000


@pytest.fixture
async def receiver() -> AsyncIterator[Receiver]:
    async with Receiver() as server:
        yield server


async def push(store: Store, ref: str, credentials: Credentials = NOBODY, *, chunk: int = CHUNK) -> list[str]:
    pusher = Pusher(store.config, store.images, store.bus, pause=0.01, chunk=chunk)
    messages = [message async for message in pusher.push(parse(ref), credentials)]
    return [message["status"] for message in messages if "status" in message and not message.get("progressDetail")]


async def pulled(store: Store, stand_in: StandIn, receiver: Receiver, tag: str = "t") -> str:
    """Pull the stand-in's image, and name it for the receiver."""
    await store.pull(f"{stand_in.host}/x:{tag}")
    await store.images.tag(f"{stand_in.host}/x:{tag}", f"{receiver.host}/y", tag)
    return f"{receiver.host}/y:{tag}"


def noise(name: str, size: int) -> bytes:
    """A layer that does not shrink."""
    return archive(entry(name, data=random.Random(name).randbytes(size)))


class TestUploads:
    @pytest.mark.parametrize("chunk", [1 << 20, CHUNK], ids=["whole", "in chunks"])
    async def test_everything_arrives_as_it_came(
        self, stand_in: StandIn, receiver: Receiver, store: Store, chunk: int
    ) -> None:
        manifest = stand_in.content.image("t", noise("a", 20000), layer("b"))
        said = await push(store, await pulled(store, stand_in, receiver), chunk=chunk)
        assert receiver.blobs == stand_in.content.blobs
        assert receiver.manifests["t"] == stand_in.content.manifests["t"]
        assert said[:3] == [f"The push refers to repository [{receiver.host}/y]", "Preparing", "Preparing"]
        assert said[-1] == f"t: digest: {digest(json.dumps(manifest).encode())} size: {len(json.dumps(manifest))}"
        assert (receiver.count("^PATCH") > 0) == (chunk == CHUNK)

    async def test_a_cut_upload_goes_on_where_it_was_cut(
        self, stand_in: StandIn, receiver: Receiver, store: Store
    ) -> None:
        stand_in.content.image("t", noise("a", 20000))
        receiver.cut_after = 10000
        said = await push(store, await pulled(store, stand_in, receiver))
        assert receiver.blobs == stand_in.content.blobs
        assert any(line.startswith("Retrying in") for line in said)
        assert receiver.count("^POST.*/uploads/$") == 2  # the layer's, the config's: none was begun anew

    async def test_a_forgotten_upload_begins_anew(self, stand_in: StandIn, receiver: Receiver, store: Store) -> None:
        stand_in.content.image("t", noise("a", 20000))
        receiver.cut_after = 10000

        async def forget(request: web.Request) -> web.Response | None:
            if request.method == "GET" and "uploads" in request.path:
                receiver.uploads.clear()
            return None

        receiver.fault = forget
        await push(store, await pulled(store, stand_in, receiver))
        assert receiver.blobs == stand_in.content.blobs

    async def test_a_busy_registry_is_waited_for(self, stand_in: StandIn, receiver: Receiver, store: Store) -> None:
        stand_in.content.image("t", layer("a"))
        busy = [refuse(429, "TOOMANYREQUESTS", "slow down", Retry_After="1"), web.Response(status=503)]

        async def fault(request: web.Request) -> web.Response | None:
            return busy.pop() if request.method == "PUT" and "blobs" in request.path and busy else None

        receiver.fault = fault
        said = await push(store, await pulled(store, stand_in, receiver))
        assert "Retrying in 1 second" in said
        assert "Pushed" in said

    async def test_a_registry_that_stays_broken(self, stand_in: StandIn, receiver: Receiver, store: Store) -> None:
        stand_in.content.image("t", layer("a"))

        async def fault(request: web.Request) -> web.Response | None:
            return web.Response(status=500) if request.method == "POST" else None

        receiver.fault = fault
        with pytest.raises(Unavailable, match="received unexpected HTTP status 500"):
            await push(store, await pulled(store, stand_in, receiver))
        assert receiver.count("^POST") == 5


class TestRefusals:
    @pytest.mark.parametrize(
        ("refused", "said", "kind"),
        [
            (
                (403, "DENIED", "requested access to the resource is denied"),
                "denied: requested access to the resource is denied",
                Forbidden,
            ),
            ((401, "UNAUTHORIZED", "authentication required"), "unauthorized: authentication required", Unauthorized),
            (
                (400, "NAME_INVALID", "invalid repository name"),
                "name invalid: invalid repository name",
                InvalidParameter,
            ),
        ],
    )
    async def test_words(
        self,
        stand_in: StandIn,
        receiver: Receiver,
        *,
        store: Store,
        refused: tuple[int, str, str],
        said: str,
        kind: type[EngineError],
    ) -> None:
        stand_in.content.image("t", layer("a"))

        async def fault(request: web.Request) -> web.Response | None:
            return refuse(*refused) if request.method == "POST" else None

        receiver.fault = fault
        with pytest.raises(kind, match=said):
            await push(store, await pulled(store, stand_in, receiver))
        assert receiver.manifests == {}

    async def test_a_token_that_may_not_push(self, stand_in: StandIn, receiver: Receiver, store: Store) -> None:
        stand_in.content.image("t", layer("a"))
        async with TokenServer() as tokens:

            async def fault(request: web.Request) -> web.Response | None:
                shown = request.headers.get("Authorization")
                if shown and request.method in {"GET", "HEAD"}:
                    return None
                challenge = f'Bearer realm="http://{tokens.host}/token",service="s"'
                if shown:
                    challenge += ',scope="repository:y:pull,push",error="insufficient_scope"'
                return refuse(401, "UNAUTHORIZED", "authentication required", WWW_Authenticate=challenge)

            receiver.fault = fault
            with pytest.raises(Forbidden, match="denied: requested access to the resource is denied"):
                await push(store, await pulled(store, stand_in, receiver), Credentials("alice", "s3cret"))
            assert "scope=repository:y:pull,push" in tokens.requests[0][0]


class TestGoingElsewhere:
    async def test_credentials_do_not_follow_an_upload_to_another_host(
        self, stand_in: StandIn, receiver: Receiver, store: Store
    ) -> None:
        """CVE-2020-15157, of a push: the registry may name any host to send the bytes to."""
        stand_in.content.image("t", layer("a"))
        shown: list[tuple[str, str | None]] = []
        async with Receiver() as storage:

            async def watch(request: web.Request) -> web.Response | None:
                shown.append(("storage", request.headers.get("Authorization")))
                storage.uploads.setdefault("0", bytearray())
                return None

            async def send_away(request: web.Request) -> web.Response | None:
                if "Authorization" not in request.headers:
                    return refuse(401, "UNAUTHORIZED", "authentication required", WWW_Authenticate='Basic realm="r"')
                shown.append(("registry", request.headers["Authorization"]))
                where = f"http://{storage.host}/v2/y/blobs/uploads/0"
                return web.Response(status=202, headers={"Location": where}) if request.method == "POST" else None

            storage.fault, receiver.fault = watch, send_away
            await push(store, await pulled(store, stand_in, receiver), Credentials("alice", "s3cret"))
            assert storage.blobs == stand_in.content.blobs
        assert {proof for where, proof in shown if where == "storage"} == {None}
        assert {proof for where, proof in shown if where == "registry"} == {basic("alice", "s3cret")}

    async def test_a_client_that_goes_ends_the_push(self, stand_in: StandIn, receiver: Receiver, store: Store) -> None:
        stand_in.content.image("t", noise("a", 20000))
        ref = await pulled(store, stand_in, receiver)

        async def stall(request: web.Request) -> web.Response | None:
            if request.method == "PATCH":
                await request.read()
                await asyncio.sleep(30)
            return None

        receiver.fault = stall
        pusher = Pusher(store.config, store.images, store.bus, pause=0.01, chunk=CHUNK)
        async with aclosing(pusher.push(parse(ref))) as messages:
            async for message in messages:
                if message.get("status") == "Pushing":
                    break
        assert not [task for task in asyncio.all_tasks() if task.get_name().startswith("push ")]
        assert receiver.manifests == {}


class TestLayers:
    async def test_a_layer_that_was_there_compressed_otherwise(
        self, stand_in: StandIn, receiver: Receiver, store: Store
    ) -> None:
        """Its own blob was never fetched: what is pushed names the blob that there is, and is the same image."""
        plain = layer("a", 5000)
        stand_in.content.image("one", plain)
        other = stand_in.content.image("t", plain, author="another")
        other["layers"] = [stand_in.content.descriptor(other["layers"][0]["mediaType"], gzip.compress(plain, 9))]
        stand_in.content.put("t", other)
        await store.pull(f"{stand_in.host}/x:one")
        ref = await pulled(store, stand_in, receiver)
        await store.images.remove(f"{stand_in.host}/x:one")
        await push(store, ref)
        pushed = json.loads(receiver.manifests["t"][1])
        assert pushed["config"] == other["config"]
        (sent,) = pushed["layers"]
        assert gzip.decompress(receiver.blobs[sent["digest"]]) == plain

    async def test_the_registry_has_the_manifests_own_blob(
        self, stand_in: StandIn, receiver: Receiver, store: Store
    ) -> None:
        manifest = stand_in.content.image("t", layer("a"))
        receiver.blobs |= stand_in.content.blobs
        said = await push(store, await pulled(store, stand_in, receiver))
        assert "Layer already exists" in said
        assert receiver.count("^(POST|PATCH)") == 0
        assert json.loads(receiver.manifests["t"][1]) == manifest


async def test_a_platform_that_the_image_is_not_for(stand_in: StandIn, receiver: Receiver, store: Store) -> None:
    stand_in.content.image("t", layer("a"))
    ref = await pulled(store, stand_in, receiver)
    pusher = Pusher(store.config, store.images, store.bus)
    with pytest.raises(NotFound, match=r"does not match the specified platform \(linux/s390x\)"):
        await anext(pusher.push(parse(ref), NOBODY, Platform("linux", "s390x")))
    async with aclosing(pusher.push(parse(ref), NOBODY, Platform("linux", "amd64"))) as messages:
        assert await anext(messages)


def test_patience() -> None:
    assert retry_after("7") == 7
    assert retry_after("") == retry_after("soon") == 0
    assert 50 < retry_after(formatdate(time.time() + 60, usegmt=True)) <= 60
    assert retry_after(formatdate(0, usegmt=True)) == 0
