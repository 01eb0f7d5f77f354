"""Pruning while a pull is under way takes nothing that the pull is going to need."""

import asyncio

import pytest

from engine.image.prune import prune
from engine.image.reference import parse
from engine.tasks import spawn
from tests.engine.registry.conftest import AMD64, Store
from tests.engine.registry.standin import StandIn, layer

pytestmark = pytest.mark.root


async def test_what_a_running_pull_uses_stays(stand_in: StandIn, store: Store) -> None:
    """The pull has unpacked one layer, found another that a dangling image brought, and waits for the third."""
    stand_in.content.image("old", layer("shared"), layer("only old"))
    await store.pull(f"{stand_in.host}/x:old")
    old = store.images.get(f"{stand_in.host}/x:old")
    manifest = stand_in.content.image("new", layer("shared"), layer("fresh"), layer("late"))
    go = asyncio.Event()

    async def stall(request, _answer):
        if manifest["layers"][2]["digest"] in request.path:
            await go.wait()

    stand_in.bend = stall
    unpacked = asyncio.Event()

    async def pull() -> None:
        async for message in store.puller.pull(parse(f"{stand_in.host}/x:new"), AMD64):
            if message["status"] == "Pull complete":
                unpacked.set()

    running = spawn(pull(), name="the pull", owner=set())
    await unpacked.wait()

    report = await prune(store.images, store.bus, {"dangling": ["false"]})

    assert {"Deleted": old.id} in report["ImagesDeleted"]
    assert {"Deleted": old.layers[1]} in report["ImagesDeleted"]
    assert {"Deleted": old.layers[0]} not in report["ImagesDeleted"], "the pull counts on it"
    go.set()
    await running
    new = store.images.get(f"{stand_in.host}/x:new")
    assert len(new.layers) == len(store.files()["layers"]) == 3
    await store.driver.create("c", new.layers)
    assert sorted(path.name for path in (await store.driver.mount("c")).iterdir()) == ["fresh", "late", "shared"]


async def test_what_a_container_uses_stays(stand_in: StandIn, store: Store) -> None:
    """Its image goes from the list by force; its layers stay as long as it does."""
    stand_in.content.image("one", layer("a"))
    await store.pull(f"{stand_in.host}/x:one")
    image = store.images.get(f"{stand_in.host}/x:one")
    await store.driver.create("c", image.layers)
    store.images.users = lambda image_id: [("c" * 64, False)] if image_id == image.id else []

    assert (await prune(store.images, store.bus, {"dangling": ["false"]}))["ImagesDeleted"] is None
    await store.images.remove(image.id, force=True)
    assert ((await store.driver.mount("c")) / "a").exists()
    assert len(store.files()["layers"]) == 1
    await store.driver.remove("c")
    assert store.files()["layers"] == store.files()["blobs"] == []
