"""Registries that cut, lie, redirect and confuse. Whatever they do, nothing of it stays."""

import asyncio
import os

import pytest
from aiohttp import web

from engine.errors import EngineError, InvalidParameter, NotFound, NotSupported, Unavailable
from engine.image.manifest import DOCKER_MANIFEST, OCI_INDEX, OCI_MANIFEST
from engine.image.platform import Platform
from engine.registry.retry import ATTEMPTS
from tests.engine.image.archives import archive, entry
from tests.engine.registry.conftest import EMPTY, Store
from tests.engine.registry.standin import Content, StandIn, digest, layer, refuse

pytestmark = pytest.mark.root


async def _fails(store: Store, server: StandIn, reason: str, kind: type[EngineError] = EngineError) -> None:
    with pytest.raises(kind, match=reason):
        await store.pull(f"{server.host}/x:t")
    assert store.files() == EMPTY
    assert store.images.list() == []


async def test_a_blob_of_other_content(stand_in: StandIn, store: Store) -> None:
    manifest = stand_in.content.image("t", layer("a"), layer("b"))
    name = manifest["layers"][1]["digest"]
    stand_in.content.blobs[name] = bytes(len(stand_in.content.blobs[name]))
    await _fails(store, stand_in, "does not match its digest")


@pytest.mark.parametrize("change", [-1, 1, 1000])
async def test_a_blob_of_another_size(stand_in: StandIn, store: Store, change: int) -> None:
    manifest = stand_in.content.image("t", layer("a"))
    manifest["layers"][0]["size"] += change
    stand_in.content.put("t", manifest)
    await _fails(store, stand_in, "bytes")


async def test_a_blob_larger_than_the_disk(stand_in: StandIn, store: Store) -> None:
    manifest = stand_in.content.image("t", layer("a"))
    manifest["layers"][0]["size"] = 1 << 60
    stand_in.content.put("t", manifest)
    await _fails(store, stand_in, "no space left")


async def test_a_config_of_other_content(stand_in: StandIn, store: Store) -> None:
    manifest = stand_in.content.image("t", layer("a"))
    stand_in.content.blobs[manifest["config"]["digest"]] = b"{}"
    await _fails(store, stand_in, "verification failed", InvalidParameter)


async def test_a_layer_that_the_config_does_not_name(stand_in: StandIn, store: Store) -> None:
    wrong = {"type": "layers", "diff_ids": [digest(b"another")]}
    stand_in.content.image("t", layer("a"), rootfs=wrong)
    await _fails(store, stand_in, "failed to register layer", InvalidParameter)


async def test_more_layers_than_diff_ids(stand_in: StandIn, store: Store) -> None:
    stand_in.content.image("t", layer("a"), rootfs={"type": "layers", "diff_ids": []})
    await _fails(store, stand_in, "don't match image configuration", InvalidParameter)


async def test_a_diff_id_that_is_a_path(stand_in: StandIn, store: Store) -> None:
    stand_in.content.image("t", layer("a"), rootfs={"type": "layers", "diff_ids": ["sha256:../../x"]})
    await _fails(store, stand_in, "digest", InvalidParameter)


async def test_manifest_by_digest_with_other_content(stand_in: StandIn, store: Store) -> None:
    stand_in.content.image("t", layer("a"))
    pinned = digest(b"what was asked for")
    stand_in.content.manifests[pinned] = stand_in.content.manifests["t"]
    with pytest.raises(InvalidParameter, match="manifest verification failed"):
        await store.pull(f"{stand_in.host}/x@{pinned}")


async def test_an_endless_manifest(stand_in: StandIn, store: Store) -> None:
    async def endless(request, _answer):
        response = web.StreamResponse(headers={"Content-Type": OCI_MANIFEST})
        await response.prepare(request)
        try:
            while True:
                await response.write(b" " * 65536)
        except ConnectionError:
            return response

    stand_in.bend = endless
    await _fails(store, stand_in, "more than", InvalidParameter)


async def test_indexes_all_the_way_down(stand_in: StandIn, store: Store) -> None:
    entry = {"mediaType": OCI_MANIFEST, "digest": digest(b"x"), "size": 1}
    for _ in range(20):
        index = {"schemaVersion": 2, "mediaType": OCI_INDEX, "manifests": [entry | {"platform": _AMD64}]}
        name = stand_in.content.put("t", index)
        entry = {"mediaType": OCI_INDEX, "digest": name, "size": len(stand_in.content.manifests[name][1])}
    await _fails(store, stand_in, "nested more than", InvalidParameter)


_AMD64 = {"os": "linux", "architecture": "amd64"}
_ARM = {"os": "linux", "architecture": "arm", "variant": "v7"}


def _index(content: Content, **by_tag: dict[str, str]) -> str:
    entries = []
    for tag, platform in by_tag.items():
        media_type, raw = content.manifests[tag]
        entries.append({"mediaType": media_type, "digest": digest(raw), "size": len(raw), "platform": platform})
    return content.put("t", {"schemaVersion": 2, "mediaType": OCI_INDEX, "manifests": entries})


async def test_an_index_is_chosen_from_and_named_by(stand_in: StandIn, store: Store) -> None:
    stand_in.content.image("arm", layer("arm"), architecture="arm")
    manifest = stand_in.content.image("amd", layer("amd"))
    name = _index(stand_in.content, arm=_ARM, amd=_AMD64)
    lines = await store.pull(f"{stand_in.host}/x:t")
    assert f"Digest: {name}" in lines
    assert store.images.get(f"{stand_in.host}/x@{name}").id == manifest["config"]["digest"]
    await store.pull(f"{stand_in.host}/x:t", platform=Platform("linux", "arm", "v7"))
    assert store.images.get(f"{stand_in.host}/x:t").architecture == "arm"


async def test_an_index_without_this_platform(stand_in: StandIn, store: Store) -> None:
    stand_in.content.image("arm", layer("arm"), architecture="arm")
    _index(stand_in.content, arm=_ARM)
    await _fails(store, stand_in, "no matching manifest for linux/amd64 in the manifest list entries", NotFound)


async def test_the_only_platform_there_is(stand_in: StandIn, store: Store) -> None:
    stand_in.content.image("t", layer("arm"), architecture="arm64")
    lines = await store.pull(f"{stand_in.host}/x:t", platform=Platform("linux", "amd64"))
    assert lines[-1].startswith("WARNING: image with reference")


async def test_an_image_of_another_system(stand_in: StandIn, store: Store) -> None:
    stand_in.content.image("t", layer("a"), os="windows")
    await _fails(store, stand_in, 'operating system "windows"', InvalidParameter)


async def test_a_document_of_two_kinds(stand_in: StandIn, store: Store) -> None:
    manifest = stand_in.content.image("t", layer("a")) | {"manifests": []}
    stand_in.content.put("t", manifest)
    await _fails(store, stand_in, "either an image manifest or an index", InvalidParameter)


async def test_a_manifest_served_as_another_kind(stand_in: StandIn, store: Store) -> None:
    stand_in.content.put("t", stand_in.content.image("t", layer("a")), as_type=DOCKER_MANIFEST)
    await _fails(store, stand_in, "do not fit", InvalidParameter)


async def test_something_that_is_no_image(stand_in: StandIn, store: Store) -> None:
    manifest = stand_in.content.image("t", layer("a"))
    manifest["config"]["mediaType"] = "application/vnd.cncf.helm.config.v1+json"
    stand_in.content.put("t", manifest)
    await _fails(store, stand_in, "unsupported media type", InvalidParameter)


async def test_a_foreign_layer_is_not_fetched_from_its_host(stand_in: StandIn, store: Store) -> None:
    manifest = stand_in.content.image("t", layer("a"))
    manifest["layers"][0] |= {
        "mediaType": "application/vnd.docker.image.rootfs.foreign.diff.tar.gzip",
        "urls": [f"http://{stand_in.host}/elsewhere"],
    }
    stand_in.content.put("t", manifest)
    await _fails(store, stand_in, "is foreign .*: no registry has it", NotSupported)
    assert not stand_in.asked("elsewhere")


async def test_a_cut_connection_is_resumed(stand_in: StandIn, store: Store) -> None:
    manifest = stand_in.content.image("t", _noise(400_000))
    cuts: list[str | None] = []

    async def cut(request, answer):
        if manifest["layers"][0]["digest"] in request.path and len(cuts) < 3:
            cuts.append(request.headers.get("Range"))
            return await _half(request, answer)
        return None

    stand_in.bend = cut
    await store.pull(f"{stand_in.host}/x:t")
    assert cuts[0] is None
    assert all(wanted is not None and wanted.startswith("bytes=") for wanted in cuts[1:])


async def test_a_connection_that_is_always_cut(stand_in: StandIn, store: Store) -> None:
    name = stand_in.content.image("t", layer("a", 400_000))["layers"][0]["digest"]

    async def cut(request, answer):
        return await _nothing(request, answer) if name in request.path else None

    stand_in.bend = cut
    await _fails(store, stand_in, "disconnected", Unavailable)
    assert len(stand_in.asked(name)) >= ATTEMPTS  # the HTTP client itself asks a kept connection once more


@pytest.mark.parametrize("where", ["bytes 0-9/10", "bytes 5-9/1000000000", "nonsense", ""])
async def test_a_lying_content_range(stand_in: StandIn, store: Store, where: str) -> None:
    """What a range is not believed of starts again from the beginning, and is right or refused in the end."""
    manifest = stand_in.content.image("t", _noise(400_000))
    name = manifest["layers"][0]["digest"]

    async def lie(request, answer):
        if name not in request.path:
            return None
        if "Range" not in request.headers and len(stand_in.asked(name)) == 1:
            return await _half(request, answer)
        if "Range" in request.headers:
            return web.Response(status=206, body=stand_in.content.blobs[name], headers={"Content-Range": where})
        return None

    stand_in.bend = lie
    await store.pull(f"{stand_in.host}/x:t")
    assert store.images.get(f"{stand_in.host}/x:t").size == 400_000


@pytest.mark.parametrize(
    ("answer", "kind", "said"),
    [
        (
            (404, "MANIFEST_UNKNOWN", "manifest unknown"),
            NotFound,
            r"manifest for .*x:t not found: manifest unknown: man",
        ),
        ((404, "NAME_UNKNOWN", "repository name not known"), NotFound, r"repository .*/x not found: name unknown: rep"),
        (
            (403, "DENIED", "requested access"),
            NotFound,
            r"pull access denied for .*/x, repository does not exist or may",
        ),
        ((429, "TOOMANYREQUESTS", "slow down"), Unavailable, "toomanyrequests: slow down"),
        ((500, "UNKNOWN", "oops"), Unavailable, "unexpected HTTP status 500"),
        ((418, "TEAPOT", "line\nbreak\x1b[31m"), InvalidParameter, r"status 418: teapot: line break \[31m"),
    ],
)
async def test_refusals(stand_in: StandIn, store: Store, answer, kind, said) -> None:
    async def no(*_):
        return refuse(*answer)

    stand_in.bend = no
    await _fails(store, stand_in, said, kind)


async def test_nobody_there(store: Store) -> None:
    async with StandIn() as server:
        gone = server.host
    with pytest.raises(Unavailable, match=r"dial tcp 127\.0\.0\.1:\d+: connect: connection refused"):
        await store.pull(f"{gone}/x:t")


async def test_a_host_without_address(store: Store) -> None:
    with pytest.raises(Unavailable, match=r'Get "https://registry\.invalid/v2/": dial tcp: lookup registry\.invalid: '):
        await store.pull("registry.invalid/x:t")


async def test_deep_json(stand_in: StandIn, store: Store) -> None:
    raw = b'{"schemaVersion":2,"config":' + b"[" * 500_000
    stand_in.content.manifests["t"] = (OCI_MANIFEST, raw)
    await _fails(store, stand_in, "malformed manifest", InvalidParameter)


def _noise(size: int) -> bytes:
    """A layer that gzip can't shrink."""
    return archive(entry("noise", data=os.urandom(size)))


async def _half(request: web.Request, answer: web.Response) -> web.StreamResponse:
    assert isinstance(answer.body, bytes)
    response = web.StreamResponse(status=answer.status, headers={"Content-Length": str(len(answer.body))})
    if where := answer.headers.get("Content-Range"):
        response.headers["Content-Range"] = where
    await response.prepare(request)
    await response.write(answer.body[: len(answer.body) // 2])
    await asyncio.sleep(0.05)  # lets what was written arrive before the connection goes
    assert request.transport is not None
    request.transport.close()
    return response


async def _nothing(request: web.Request, _answer: web.Response) -> web.StreamResponse:
    assert request.transport is not None
    request.transport.abort()
    return web.Response()
