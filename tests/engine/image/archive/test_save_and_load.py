"""Saving and loading, both forms, over real stores."""

import gzip
import io
import json
import tarfile

import pytest
import zstandard

from engine.errors import NotFound
from engine.image.archive.save import save
from tests.engine.image.archive.bundles import (
    INDEX_TYPE,
    LAYER,
    MANIFEST_TYPE,
    config,
    descriptor,
    docker,
    layout,
    loaded,
    manifest,
    saved,
    sha,
)
from tests.engine.image.archives import archive, entry
from tests.engine.image.shelf import Shelf

pytestmark = pytest.mark.root

IMAGE_ID = f"sha256:{sha(config())}"


def _members(data: bytes) -> dict[str, bytes]:
    with tarfile.open(fileobj=io.BytesIO(data)) as tar:
        return {each.name: file.read() for each in tar if (file := tar.extractfile(each))}


@pytest.mark.parametrize("pack", [bytes, gzip.compress, zstandard.ZstdCompressor().compress])
async def test_load_docker_archive(pack, shelf: Shelf) -> None:
    assert await loaded(shelf, pack(docker())) == [{"stream": "Loaded image: app:1\n"}]
    assert shelf.images.get("app:1").id == IMAGE_ID
    (event,) = await shelf.told()
    assert event == ("load", IMAGE_ID, {"name": IMAGE_ID})


async def test_load_tells_layers_and_images_without_a_name(shelf: Shelf) -> None:
    told = await loaded(shelf, docker(row={"RepoTags": None}), quiet=False)
    bar = {"current": len(LAYER), "total": len(LAYER)}
    assert told == [
        {"status": "Loading layer", "progressDetail": bar, "id": sha(LAYER)[:12]},
        {"stream": f"Loaded image ID: {IMAGE_ID}\n"},
    ]
    assert await loaded(shelf, docker(row={"RepoTags": None}), quiet=False) == told[1:]


async def test_load_follows_links_that_old_archives_have_for_layers(shelf: Shelf) -> None:
    link = entry("l2/layer.tar", "symlink", linkname="../l/layer.tar")
    row = {"Layers": ["l/layer.tar", "l2/layer.tar"]}
    await loaded(shelf, docker(row=row, more=link, raw=config(LAYER, LAYER)))
    assert len(shelf.images.get("app:1").layers) == 2


async def test_load_takes_a_name_from_another_image(shelf: Shelf) -> None:
    old = await shelf.add("app:1")
    told = await loaded(shelf, docker())
    text = f"The image app:1 already exists, renaming the old one with ID {old} to empty string\n"
    assert told == [{"stream": text}, {"stream": "Loaded image: app:1\n"}]
    assert shelf.images.get(old).repo_tags == ()


async def test_load_oci_layout_through_an_index(shelf: Shelf) -> None:
    document = manifest()
    here = descriptor(MANIFEST_TYPE, document, platform={"os": "linux", "architecture": "amd64"})
    unknown = {"os": "unknown", "architecture": "unknown"}
    proof = descriptor(MANIFEST_TYPE, b"proof", platform=unknown, annotations={"vnd.docker.reference.type": "x"})
    index = json.dumps({"schemaVersion": 2, "mediaType": INDEX_TYPE, "manifests": [proof, here]}).encode()
    top = descriptor(INDEX_TYPE, index, annotations={"io.containerd.image.name": "docker.io/library/app:2"})
    assert await loaded(shelf, layout(top, blobs=(document, index))) == [{"stream": "Loaded image: app:2\n"}]
    assert shelf.images.get("app:2").id == IMAGE_ID
    assert _members(await saved(shelf, "app:2"))[f"blobs/sha256/{sha(document)}"] == document, "the manifest is kept"


async def test_load_keeps_one_blob_a_layer(shelf: Shelf) -> None:
    """The same layer, compressed otherwise by a second image, is not kept twice."""
    await loaded(shelf, docker())
    other = config(author="somebody")
    await loaded(shelf, docker({"l/layer.tar": gzip.compress(LAYER)}, row={"RepoTags": ["app:2"]}, raw=other))
    assert shelf.files() == (5, 1), "two configs, two manifests, one blob"
    await shelf.images.remove("app:1")
    assert f"blobs/sha256/{sha(LAYER)}" in _members(await saved(shelf, "app:2"))


async def test_a_failed_image_takes_nothing_of_another_along(shelf: Shelf) -> None:
    await loaded(shelf, docker())
    before = shelf.files()
    wrong = archive(entry("wrong"))
    bad = docker({"l2": wrong}, row={"Layers": ["l/layer.tar", "l2"]}, raw=config(LAYER, b"other"))
    with pytest.raises(Exception, match="failed to register layer"):
        await loaded(shelf, bad)
    assert shelf.files() == before
    assert shelf.images.get("app:1").id == IMAGE_ID


async def test_save_is_both_forms_and_always_the_same(shelf: Shelf) -> None:
    image_id = await shelf.add("app:1", "app:2", "other:1", layers=("a", "b"))
    data = await saved(shelf, "app")
    assert data == await saved(shelf, "app")
    members = _members(data)
    (row,) = json.loads(members["manifest.json"])
    assert row["RepoTags"] == ["app:1", "app:2"]
    assert sha(members[row["Config"]]) == image_id.removeprefix("sha256:")
    index = json.loads(members["index.json"])["manifests"]
    assert [each["annotations"]["io.containerd.image.name"] for each in index] == [
        "docker.io/library/app:1",
        "docker.io/library/app:2",
    ]
    document = json.loads(members[f"blobs/sha256/{index[0]['digest'].removeprefix('sha256:')}"])
    assert [f"blobs/{each['digest'].replace(':', '/')}" for each in document["layers"]] == row["Layers"]
    assert all(sha(members[name]) == name.rpartition("/")[2] for name in row["Layers"])
    assert set(json.loads(members["repositories"])["app"]) == {"1", "2"}


async def test_save_names_what_was_asked_for(shelf: Shelf) -> None:
    one = await shelf.add("app:1", layers=("a",))
    await shelf.add("base:1", layers=("a", "b"))
    members = _members(await saved(shelf, one, "base:1", "base:1"))
    assert [row["RepoTags"] for row in json.loads(members["manifest.json"])] == [None, ["base:1"]]
    assert "repositories" not in _members(await saved(shelf, one[7:20]))
    with pytest.raises(NotFound, match="No such image: gone:1"):
        await anext(save(shelf.images, ["app:1", "gone:1"]))


async def test_what_was_saved_can_be_loaded_again(shelf: Shelf) -> None:
    image_id = await shelf.add("app:1", layers=("a", "b"), config={"Cmd": ["x"]})
    data = await saved(shelf, "app:1")
    await shelf.images.remove("app:1")
    assert shelf.files() == (0, 0)
    await loaded(shelf, data)
    assert shelf.images.get("app:1").id == image_id
    assert shelf.reopen().get("app:1").id == image_id, "it is written down"
    assert await saved(shelf, "app:1") == data


async def test_an_interrupted_load_is_swept(shelf: Shelf) -> None:
    async with shelf.images.blobs.scratch() as folder:
        (folder / "sub").mkdir()
        (folder / "sub/0").write_bytes(b"half")
        shelf.reopen().sweep()
        assert list((shelf.home / "images/ingest").iterdir()) == []
