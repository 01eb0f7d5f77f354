"""An image is there at once, and on the disk a little later; what was not there when the power went is left out."""

import asyncio

import pytest

from engine.image import flusher, service
from tests.engine.image.shelf import Shelf

pytestmark = pytest.mark.root


def _unsynced(shelf: Shelf) -> list[str]:
    return [image.id for image in shelf.images.list() if shelf.images.catalog.record(image.id).unsynced is not None]


async def _slowed(shelf: Shelf, monkeypatch: pytest.MonkeyPatch) -> tuple[list[str], asyncio.Event]:
    """From now on a flush waits for the event, and notes when it is over."""
    done: list[str] = []
    may_go_on = asyncio.Event()

    async def sync() -> None:
        await may_go_on.wait()
        done.append("flushed")

    monkeypatch.setattr(shelf.images.layer_store, "sync", sync)
    return done, may_go_on


async def test_several_images_go_to_the_disk_together(shelf: Shelf, monkeypatch: pytest.MonkeyPatch) -> None:
    done, may_go_on = await _slowed(shelf, monkeypatch)
    shelf.waits = False
    ids = {await shelf.add(f"app:{number}", layers=("base", str(number))) for number in range(4)}
    assert set(_unsynced(shelf)) == ids
    may_go_on.set()
    await shelf.images.close()
    assert _unsynced(shelf) == []
    assert 1 <= len(done) <= 2  # those that came while the first was on its way wait for the second


async def test_an_engine_goes_on_with_it_in_the_same_boot(shelf: Shelf, monkeypatch: pytest.MonkeyPatch) -> None:
    await _slowed(shelf, monkeypatch)
    shelf.waits = False
    image = await shelf.add("app:1")
    killed, shelf.images = shelf.images, shelf.reopen()
    assert _unsynced(shelf) == [image]
    shelf.images.flush()
    await shelf.images.close()
    assert _unsynced(shelf) == []
    await _forgotten(killed)


async def test_after_a_power_loss_it_never_came(shelf: Shelf, monkeypatch: pytest.MonkeyPatch) -> None:
    kept = await shelf.add("kept:1", layers=("a",))
    await _slowed(shelf, monkeypatch)
    shelf.waits = False
    lost = await shelf.add("lost:1", layers=("a", "b"))
    layer = shelf.images.get(lost).layers[-1]
    monkeypatch.setattr(service, "this_boot", lambda: "another")
    killed, shelf.images = shelf.images, shelf.reopen()
    assert [image.id for image in shelf.images.list()] == [kept]
    assert layer not in shelf.images.live_layers
    shelf.images.sweep()
    assert len(list((shelf.home / "images/sha256").iterdir())) == 2  # config and layer
    await _forgotten(killed)


async def _forgotten(killed: service.Images) -> None:
    """End what a killed engine would not have gone on with."""
    for task in asyncio.all_tasks():
        if task.get_name().startswith("flush images"):
            task.cancel()
    await killed.close()


def test_a_boot_has_a_name() -> None:
    assert len(flusher.this_boot()) == 36
    assert flusher.this_boot() == flusher.this_boot()
