import pytest

from engine.errors import InvalidParameter
from engine.image.blobs import PIECE
from engine.image.inflow import Inflow
from engine.image.prune import prune
from tests.engine.image.shelf import Shelf

pytestmark = pytest.mark.root


async def test_dangling_images_go_and_used_ones_stay(shelf: Shelf) -> None:
    await shelf.add("named:1", layers=("a",))
    gone = await shelf.add(layers=("a", "b"))
    used = await shelf.add(layers=("a", "c"))
    shelf.users[used] = [("c1", False)]
    before = sum(path.stat().st_size for path in (shelf.home / "images/sha256").iterdir())
    report = await prune(shelf.images, shelf.events, {})
    assert report["ImagesDeleted"][0]["Deleted"] == gone
    archives = before - sum(path.stat().st_size for path in (shelf.home / "images/sha256").iterdir())
    assert report["SpaceReclaimed"] == len("b") + archives, "the layer that another image has does not count"
    assert {image.id for image in shelf.images.list()} == {shelf.images.get("named:1").id, used}
    assert await prune(shelf.images, shelf.events, {}) == {"ImagesDeleted": None, "SpaceReclaimed": 0}


async def test_all_unused_go_with_every_name(shelf: Shelf) -> None:
    image_id = await shelf.add("one:1", "two:1", "one@", layers=("a",))
    kept = await shelf.add("kept:1", layers=("b",))
    shelf.users[kept] = [("c1", True)]
    report = await prune(shelf.images, shelf.events, {"dangling": ["false"]})
    assert {row["Untagged"].partition("@")[0] for row in report["ImagesDeleted"] if "Untagged" in row} == {
        "one:1",
        "two:1",
        "one",
    }
    assert {"Deleted": image_id} in report["ImagesDeleted"]
    assert [image.id for image in shelf.images.list()] == [kept]


async def test_what_a_pull_holds_stays(shelf: Shelf) -> None:
    await shelf.add(layers=("a", "b"))
    (image,) = shelf.images.list()
    async with shelf.images.hold([image.layers[0]], []):
        report = await prune(shelf.images, shelf.events, {})
        assert {"Deleted": image.layers[0]} not in report["ImagesDeleted"]
        assert shelf.images.layer_store.has(image.layers[0])


async def test_filters(shelf: Shelf) -> None:
    await shelf.add(layers=("a",), config={"Labels": {"keep": "yes"}})
    assert (await prune(shelf.images, shelf.events, {"label!": ["keep"]}))["ImagesDeleted"] is None
    assert (await prune(shelf.images, shelf.events, {"until": ["2020-01-01"]}))["ImagesDeleted"] is None
    with pytest.raises(InvalidParameter, match="invalid filter 'name'"):
        await prune(shelf.images, shelf.events, {"name": ["x"]})
    assert (await prune(shelf.images, shelf.events, {"label": ["keep=yes"], "until": ["1h"]}))["ImagesDeleted"]
    assert shelf.images.list({"until": ["1h"]}) == []


async def test_what_came_in_half_goes_unless_somebody_goes_on_with_it(shelf: Shelf) -> None:
    blobs = shelf.images.blobs
    one, other = (f"sha256:{number:064}" for number in range(2))
    for digest in (one, other):
        with Inflow() as inflow:
            async with blobs.resume(digest, 2 * PIECE, inflow) as incoming:
                await incoming.write(bytes(PIECE))
    with Inflow() as inflow:
        async with blobs.resume(one, 2 * PIECE, inflow):
            assert (await prune(shelf.images, shelf.events, {}))["SpaceReclaimed"] == PIECE
            assert [path.name for path in (shelf.home / "images/partial").iterdir()] == [one.removeprefix("sha256:")]
