"""Pulling from a real docker-registry on loopback, and what a pull leaves behind."""

import asyncio
import hashlib
from contextlib import aclosing
from pathlib import Path

import pytest

from engine.errors import NotFound
from engine.image.reference import parse
from tests.engine.registry.conftest import AMD64, EMPTY, Store
from tests.engine.registry.standin import StandIn, layer
from tests.support import oci
from tests.support.registry import Registry

pytestmark = pytest.mark.root


@pytest.fixture(scope="module")
def three_layers(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An OCI layout of three layers; the last deletes a file of the first."""
    base = tmp_path_factory.mktemp("layout")
    layout = oci.Layout.create(base / "layout")
    blobs = []
    for number, files in enumerate(({"gone": "1", "kept": "1"}, {"etc/second": "2"}, {".wh.gone": ""})):
        tree = base / str(number)
        for name, text in files.items():
            (tree / name).parent.mkdir(parents=True, exist_ok=True)
            (tree / name).write_text(text)
        blobs.append(layout.add_tree(tree))
    layout.finish(blobs, {"Env": ["A=1"], "Cmd": ["sh"], "Labels": {"team": "red"}}, ["one", "two", "three"])
    return layout.path


@pytest.mark.parametrize("form", ["v2s2", "oci"])
async def test_a_real_pull(registry: Registry, three_layers: Path, store: Store, form) -> None:
    ref = registry.push(three_layers, f"team/app-{form}:1.0", manifest=form)
    lines = await store.pull(ref)
    image = store.images.get(ref)
    assert lines[0] == f"1.0: Pulling from team/app-{form}"
    assert sum(line.endswith(": Pull complete") for line in lines) == 3
    assert lines[-2].startswith("Digest: sha256:")
    assert lines[-1] == f"Status: Downloaded newer image for {ref}"
    assert image.repo_tags == (ref,)
    assert image.repo_digests == (f"{ref.removesuffix(':1.0')}@{lines[-2].removeprefix('Digest: ')}",)
    assert image.config.config is not None
    assert image.config.config.env == ["A=1"]
    await store.driver.create("c", image.layers)
    root = await store.driver.mount("c")
    assert {str(path.relative_to(root)) for path in root.rglob("*") if path.is_file()} == {"kept", "etc/second"}
    for path in (store.home / "images/sha256").iterdir():
        assert hashlib.sha256(path.read_bytes()).hexdigest() == path.name
    assert len(store.files()["blobs"]) == 5


async def test_a_second_pull_is_up_to_date(registry: Registry, three_layers: Path, store: Store) -> None:
    ref = registry.push(three_layers, "app:again")
    await store.pull(ref)
    lines = await store.pull(ref)
    assert lines == ["again: Pulling from app", lines[1], f"Status: Image is up to date for {ref}"]


async def test_by_digest(registry: Registry, three_layers: Path, store: Store) -> None:
    ref = registry.push(three_layers, "app:pinned")
    digest = next(line for line in await store.pull(ref) if line.startswith("Digest")).removeprefix("Digest: ")
    await store.images.remove(ref)
    assert store.files() == EMPTY
    pinned = f"{ref.removesuffix(':pinned')}@{digest}"
    assert (await store.pull(pinned))[-1] == f"Status: Downloaded newer image for {pinned}"
    assert store.images.get(pinned).repo_tags == ()


async def test_what_the_registry_does_not_have(registry: Registry, three_layers: Path, store: Store) -> None:
    ref = registry.push(three_layers, "app:there")
    missing = ref.replace(":there", ":missing")
    with pytest.raises(NotFound) as caught:
        await store.pull(missing)
    assert caught.value.message == f"manifest for {missing} not found: manifest unknown: manifest unknown"
    assert store.files() == EMPTY


async def test_layers_in_common_are_not_fetched_again(stand_in: StandIn, store: Store) -> None:
    stand_in.content.image("one", layer("a"), layer("b"))
    stand_in.content.image("two", layer("a"), layer("c"))
    await store.pull(f"{stand_in.host}/x:one")
    lines = await store.pull(f"{stand_in.host}/x:two")
    assert sum("Already exists" in line for line in lines) == 1
    assert len(store.files()["layers"]) == 3


async def test_two_pulls_at_once_fetch_once(stand_in: StandIn, store: Store) -> None:
    manifest = stand_in.content.image("one", layer("a", 100_000), layer("b"))
    ref = f"{stand_in.host}/x:one"
    await asyncio.gather(*(store.pull(ref) for _ in range(4)))
    for entry in manifest["layers"]:
        assert len(stand_in.asked(entry["digest"])) == 1


async def test_one_blob_as_two_layers(stand_in: StandIn, store: Store) -> None:
    stand_in.content.image("one", layer("a"), layer("a"), layer("b"), layer("a"))
    await store.pull(f"{stand_in.host}/x:one")
    assert len(store.images.get(f"{stand_in.host}/x:one").layers) == 4


async def test_all_tags(stand_in: StandIn, store: Store) -> None:
    stand_in.content.image("one", layer("a"))
    stand_in.content.image("two", layer("b"))
    messages = [message async for message in store.puller.pull(parse(f"{stand_in.host}/x"))]
    assert [message["id"] for message in messages if message["status"].startswith("Pulling from")] == ["one", "two"]
    assert [message["status"] for message in messages if message["status"].startswith("Status")] == [
        f"Status: Downloaded newer image for {stand_in.host}/x"
    ]
    assert len(store.images.list()) == 2


async def test_a_tag_that_moves(stand_in: StandIn, store: Store) -> None:
    ref = f"{stand_in.host}/x:latest"
    stand_in.content.image("latest", layer("a"))
    await store.pull(ref)
    old = store.images.get(ref)
    stand_in.content.image("latest", layer("b"))
    assert (await store.pull(ref))[-1].startswith("Status: Downloaded newer")
    assert store.images.get(ref).id != old.id
    assert store.images.get(old.id).repo_tags == ()


async def test_bars_go_to_their_end(stand_in: StandIn, store: Store) -> None:
    manifest = stand_in.content.image("one", layer("a", 3_000_000))
    size = manifest["layers"][0]["size"]
    messages = [message async for message in store.puller.pull(parse(f"{stand_in.host}/x:one"), AMD64)]
    bars = [message for message in messages if message.get("progressDetail")]
    assert {"status": "Downloading", "progressDetail": {"current": size, "total": size}} == {
        key: value for key, value in bars[-1].items() if key != "id"
    }
    assert bars[-1]["id"] == manifest["layers"][0]["digest"][7:19]


async def test_a_cancelled_pull_leaves_nothing_and_holds_up_nobody(stand_in: StandIn, store: Store) -> None:
    manifest = stand_in.content.image("one", layer("a"), layer("b"), layer("c"))
    stuck = asyncio.Event()

    async def stall(request, _answer):
        if manifest["layers"][2]["digest"] in request.path and not stuck.is_set():
            stuck.set()
            await asyncio.sleep(30)

    stand_in.bend = stall
    ref = parse(f"{stand_in.host}/x:one")
    async with aclosing(store.puller.pull(ref, AMD64)) as messages:
        done = 0
        async for message in messages:
            done += message["status"] == "Pull complete"
            if done == 2 and stuck.is_set():
                break
    assert store.files() == EMPTY
    assert (await store.pull(str(ref)))[-1].startswith("Status: Downloaded newer")


async def test_a_cancelled_pull_does_not_take_what_another_needs(stand_in: StandIn, store: Store) -> None:
    manifest = stand_in.content.image("one", layer("a"), layer("only one"))
    stand_in.content.image("two", layer("a"), layer("only two"))

    async def stall(request, _answer):
        if manifest["layers"][1]["digest"] in request.path:
            await asyncio.sleep(30)

    stand_in.bend = stall
    async with aclosing(store.puller.pull(parse(f"{stand_in.host}/x:one"), AMD64)) as messages:
        async for message in messages:
            if message["status"] == "Pull complete":
                break
        await store.pull(f"{stand_in.host}/x:two")
    image = store.images.get(f"{stand_in.host}/x:two")
    assert len(store.files()["layers"]) == 2
    await store.driver.create("c", image.layers)


async def test_a_restart_sweeps_what_a_killed_pull_left(stand_in: StandIn, store: Store) -> None:
    stand_in.content.image("one", layer("a"))
    ref = f"{stand_in.host}/x:one"
    await store.pull(ref)
    before = store.files()
    (store.home / "images/ingest/half").write_bytes(b"x")
    (store.home / "images/sha256" / ("0" * 64)).write_bytes(b"orphan")
    staging = await store.driver.stage()
    await store.driver.commit(staging, "sha256:" + "1" * 64)
    store.images.sweep()
    await store.driver.sweep((), store.images.live_layers)
    assert store.files() == before
