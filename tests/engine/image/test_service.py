"""Names, listing, tagging, removal: each message as dockerd says it."""

import pytest

from engine.errors import Conflict, InvalidParameter, NotFound
from engine.image.digest import digest_of
from tests.engine.image.shelf import Shelf

pytestmark = pytest.mark.root
RUNNING, STOPPED = "1" * 64, "2" * 64


def _rows(rows: list[dict[str, str]]) -> list[str]:
    return [f"{kind}: {name}" for row in rows for kind, name in row.items()]


async def test_names_and_ids(shelf: Shelf) -> None:
    image_id = await shelf.add("busybox", "team/app:1", "team/app@")
    bare = image_id.removeprefix("sha256:")
    digest = shelf.images.get("busybox").repo_digests[0]
    names = ("busybox", "busybox:latest", "docker.io/library/busybox", "team/app:1", digest, image_id, bare, bare[:12])
    for name in (*names, bare[:2], f"sha256:{bare[:5]}"):
        assert shelf.images.get(name).id == image_id
    image = shelf.images.get("busybox")
    assert image.repo_tags == ("busybox:latest", "team/app:1")
    assert image.repo_digests == (digest,)


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("nope", "No such image: nope:latest"),
        ("nope:1", "No such image: nope:1"),
        ("127.0.0.1:5000/a/b", "No such image: 127.0.0.1:5000/a/b:latest"),
        ("abc", "No such image: abc:latest"),
        ("sha256:" + "0" * 64, "No such image: sha256:" + "0" * 64),
    ],
)
async def test_no_such_image(shelf: Shelf, name: str, message: str) -> None:
    await shelf.add("busybox")
    for ask in (shelf.images.get, shelf.images.inspect, shelf.images.history):
        with pytest.raises(NotFound) as caught:
            ask(name)
        assert caught.value.message == message


async def test_names_that_can_not_be(shelf: Shelf) -> None:
    for name in ("UPPER", "a b", "", "../x"):
        with pytest.raises(InvalidParameter, match="invalid reference format"):
            shelf.images.get(name)


async def test_an_ambiguous_prefix(shelf: Shelf) -> None:
    ids: dict[str, str] = {}
    for number in range(40):
        image_id = await shelf.add(comment=str(number))
        first = image_id.removeprefix("sha256:")[0]
        if first in ids:
            break
        ids[first] = image_id
    with pytest.raises(InvalidParameter, match="is ambiguous"):
        shelf.images.get(first)
    assert shelf.images.get(image_id).id == image_id


async def test_a_name_goes_before_an_id(shelf: Shelf) -> None:
    first = await shelf.add(comment="1")
    second = await shelf.add(f"{first.removeprefix('sha256:')[:8]}", comment="2")
    assert shelf.images.get(first.removeprefix("sha256:")[:8]).id == second


async def test_tagging(shelf: Shelf) -> None:
    image_id = await shelf.add("busybox", config={"Labels": {"a": "b"}})
    await shelf.images.tag("busybox", "team/app", "2")
    await shelf.images.tag(image_id, "team/other")
    assert shelf.images.get("team/app:2").id == shelf.images.get("team/other:latest").id == image_id
    assert shelf.images.inspect(image_id)["Metadata"]["LastTagTime"].startswith("20")
    assert await shelf.told() == [
        ("tag", image_id, {"name": "team/app:2", "a": "b"}),
        ("tag", image_id, {"name": "team/other:latest", "a": "b"}),
    ]
    other = await shelf.add(comment="other")
    await shelf.images.tag(other, "busybox")
    assert shelf.images.get("busybox").id == other


@pytest.mark.parametrize(
    ("repo", "tag"),
    [("UPPER", ""), ("a", "b c"), ("a@" + digest_of(b""), "x"), ("sha256", "x"), ("", "x"), ("a b", "")],
)
async def test_tags_that_can_not_be(shelf: Shelf, repo: str, tag: str) -> None:
    await shelf.add("busybox")
    with pytest.raises(InvalidParameter):
        await shelf.images.tag("busybox", repo, tag)
    with pytest.raises(NotFound, match="No such image: nope:latest"):
        await shelf.images.tag("nope", repo or "x", tag)


async def test_removing_the_last_name_frees_the_disk(shelf: Shelf) -> None:
    image_id = await shelf.add("busybox", "busybox@", layers=("one", "two"))
    image = shelf.images.get("busybox")
    rows = await shelf.images.remove("busybox")
    assert _rows(rows) == [
        "Untagged: busybox:latest",
        f"Untagged: {image.repo_digests[0]}",
        f"Deleted: {image_id}",
        *(f"Deleted: {layer}" for layer in reversed(image.layers)),
    ]
    assert shelf.files() == (0, 0)
    assert [(action, actor) for action, actor, _ in await shelf.told()] == [
        ("untag", image_id),
        ("untag", image_id),
        ("delete", image_id),
    ]


async def test_one_of_several_names(shelf: Shelf) -> None:
    await shelf.add("busybox", "other", "other@")
    assert _rows(await shelf.images.remove("busybox")) == ["Untagged: busybox:latest"]
    assert shelf.images.get("other").repo_tags == ("other:latest",)


async def test_layers_and_blobs_in_common_stay(shelf: Shelf) -> None:
    await shelf.add("one", layers=("base", "top"))
    await shelf.add("two", layers=("base", "other"))
    rows = await shelf.images.remove("one")
    assert sum(row.startswith("Deleted") for row in _rows(rows)) == 2
    assert shelf.files() == (3, 2)
    await shelf.images.remove("two")
    assert shelf.files() == (0, 0)


async def test_by_id_with_one_name(shelf: Shelf) -> None:
    image_id = await shelf.add("busybox", "busybox@")
    rows = _rows(await shelf.images.remove(image_id[:20]))
    assert rows[0].startswith("Untagged: busybox")
    assert f"Deleted: {image_id}" in rows


async def test_by_id_with_several_names(shelf: Shelf) -> None:
    image_id = await shelf.add("busybox", "team/other")
    short = image_id[7:19]
    with pytest.raises(Conflict) as caught:
        await shelf.images.remove(short)
    assert caught.value.message == (
        f"conflict: unable to delete {short} (must be forced) - image is referenced in multiple repositories"
    )
    assert len(_rows(await shelf.images.remove(short, force=True))) == 4


async def test_a_stopped_container(shelf: Shelf) -> None:
    image_id = await shelf.add("busybox")
    shelf.users[image_id] = [(STOPPED, False)]
    short = image_id[7:19]
    with pytest.raises(Conflict) as caught:
        await shelf.images.remove("busybox")
    assert caught.value.message == (
        'conflict: unable to remove repository reference "busybox" (must force) - '
        f"container 222222222222 is using its referenced image {short}"
    )
    with pytest.raises(Conflict, match=r"\(must be forced\) - image is being used by stopped container 222222222222"):
        await shelf.images.remove(short)
    assert f"Deleted: {image_id}" in _rows(await shelf.images.remove(short, force=True))


async def test_a_running_container(shelf: Shelf) -> None:
    image_id = await shelf.add("busybox")
    shelf.users[image_id] = [(STOPPED, False), (RUNNING, True)]
    for force in (False, True):
        with pytest.raises(Conflict) as caught:
            await shelf.images.remove(image_id, force=force)
        assert caught.value.message == (
            f"conflict: unable to delete {image_id[7:19]} (cannot be forced) - "
            "image is being used by running container 111111111111"
        )
    assert _rows(await shelf.images.remove("busybox", force=True)) == ["Untagged: busybox:latest"]
    assert shelf.images.get(image_id).repo_tags == ()


async def test_a_layer_that_a_container_uses_is_not_told_as_deleted(shelf: Shelf) -> None:
    image_id = await shelf.add("busybox")
    layer = shelf.images.get("busybox").layers[0]
    await shelf.driver.create("c", [layer])
    assert _rows(await shelf.images.remove("busybox")) == ["Untagged: busybox:latest", f"Deleted: {image_id}"]
    assert shelf.driver.has(layer)
    await shelf.driver.remove("c")
    assert shelf.files() == (0, 0)


async def test_an_image_comes_back_while_a_container_keeps_its_layer(shelf: Shelf) -> None:
    await shelf.add("busybox")
    layer = shelf.images.get("busybox").layers[0]
    await shelf.driver.create("c", [layer])
    await shelf.images.remove("busybox")
    await shelf.add("busybox")
    await shelf.driver.remove("c")
    assert shelf.driver.has(layer)


async def test_a_restart_knows_all_of_it(shelf: Shelf) -> None:
    image_id = await shelf.add("busybox", "busybox@", layers=("one", "two"))
    await shelf.images.tag("busybox", "other")
    before = shelf.images.inspect(image_id)
    again = shelf.reopen()
    assert again.inspect(image_id) == before
    assert again.live_layers == set(again.get("other").layers)
    again.sweep()
    assert shelf.files() == (3, 2)
    assert len(_rows(await again.remove("other"))) == 1
    assert [image.id for image in shelf.reopen().list()] == [image_id]


async def test_a_damaged_image_does_not_stop_the_start(shelf: Shelf) -> None:
    image_id = await shelf.add("broken", comment="broken")
    fine = await shelf.add("fine")
    shelf.images.blobs.path(image_id).unlink()
    again = shelf.reopen()
    assert [image.id for image in again.list()] == [fine]
    with pytest.raises(NotFound):
        again.get("broken")


async def test_listing_with_filters(shelf: Shelf) -> None:
    old = await shelf.add("old:1", created="2020-01-01T00:00:00Z", config={"Labels": {"team": "red"}})
    new = await shelf.add("team/new:2", created="2024-01-01T00:00:00Z", config={"Labels": {"team": "blue", "x": ""}})
    bare = await shelf.add(created="2022-01-01T00:00:00Z")

    def listed(**filters: list[str]) -> list[str]:
        return [image.id for image in shelf.images.list({name.replace("_not", "!"): v for name, v in filters.items()})]

    assert listed() == [new, bare, old]
    assert listed(dangling=["true"]) == [bare]
    assert listed(dangling=["0"]) == [new, old]
    assert listed(label=["team"]) == [new, old]
    assert listed(label=["team=red"]) == [old]
    assert listed(label=["team=blue", "x"]) == [new]
    assert listed(label_not=["team=blue"]) == [bare, old]
    assert listed(reference=["old"]) == [old]
    assert listed(reference=["team/*:2", "old:9"]) == [new]
    await shelf.images.tag("old:1", "other:1")
    (shown,) = shelf.images.list({"reference": ["old"]})
    assert shown.repo_tags == ("old:1",), "the names that were not asked for are not shown"
    assert listed(before=["team/new:2"]) == [bare, old]
    assert listed(since=["old:1"], before=["team/new:2"]) == [bare]
    with pytest.raises(InvalidParameter, match="invalid filter 'intermediate'"):
        listed(intermediate=["1"])
    with pytest.raises(InvalidParameter, match="dangling"):
        listed(dangling=["maybe"])
    with pytest.raises(NotFound, match="No such image: nope:latest"):
        listed(before=["nope"])


async def test_history_and_sizes(shelf: Shelf) -> None:
    steps = [
        {"created": "2024-01-01T00:00:00Z", "created_by": "ADD one"},
        {"created": "2024-01-01T00:00:01Z", "created_by": "ENV A=1", "empty_layer": True},
        {"created": "2024-01-01T00:00:02Z", "created_by": "ADD two", "comment": "last"},
    ]
    image_id = await shelf.add("a", layers=("one", "second"), history=steps)
    rows = shelf.images.history("a")
    assert [(row["Id"], row["CreatedBy"], row["Size"], row["Tags"]) for row in rows] == [
        (image_id, "ADD two", 6, ["a:latest"]),
        ("<missing>", "ENV A=1", 0, None),
        ("<missing>", "ADD one", 3, None),
    ]
    assert shelf.images.get("a").size == 9
    assert shelf.images.inspect("a")["Comment"] == "last"
    await shelf.add("b", layers=("one", "third"))
    assert shelf.images.shared_size(shelf.images.get("a")) == 3
