"""What strangers may put into an image archive, and that nothing comes of it."""

import json
from collections.abc import Mapping
from pathlib import Path

import pytest

from engine.errors import EngineError
from tests.engine.image.archive.bundles import (
    CONFIG_TYPE,
    INDEX_TYPE,
    LAYER,
    LAYER_TYPE,
    MANIFEST_TYPE,
    config,
    descriptor,
    docker,
    layout,
    loaded,
    manifest,
    sha,
)
from tests.engine.image.archives import archive, entry
from tests.engine.image.shelf import Shelf

pytestmark = pytest.mark.root

_NESTED = json.dumps({"schemaVersion": 2, "mediaType": INDEX_TYPE, "manifests": []}).encode()
_BOTH = manifest(manifests=[])
_BAD_SIZE = manifest(layers=[descriptor(LAYER_TYPE, LAYER, size=len(LAYER) + 1)])
_LOST_LAYER = manifest(layers=[descriptor(LAYER_TYPE, b"never sent")])
_PATH_DIGEST = manifest(config={"mediaType": CONFIG_TYPE, "digest": "sha256:../../etc/passwd", "size": 3})
_FOREIGN = manifest(layers=[descriptor("application/vnd.docker.image.rootfs.foreign.diff.tar.gzip", LAYER)])
_OTHER_CONFIG = manifest(config=descriptor("application/vnd.example.chart+json", config()))


def _top(data: bytes, media_type: str = MANIFEST_TYPE) -> bytes:
    return layout(descriptor(media_type, data), blobs=(data,))


HOSTILE: Mapping[str, tuple[bytes, str]] = {
    "nothing": (b"", "neither a manifest.json nor an oci-layout"),
    "no tar": (b"x" * 2048, "invalid archive"),
    "broken gzip": (b"\x1f\x8b\x08\x00" + b"x" * 600, "malformed gzip stream"),
    "cut off": (docker()[:1700], "unexpected end"),
    "no images": (docker({"manifest.json": b"[]"}), "no image"),
    "manifest is no JSON": (docker({"manifest.json": b"[{"}), "manifest.json"),
    "manifest of another shape": (docker({"manifest.json": b'{"Config": 1}'}), "manifest.json"),
    "a manifest nested without end": (docker({"manifest.json": b"[" * 100_000}), "manifest.json"),
    "a huge manifest": (docker({"manifest.json": b" " * (5 << 20)}), "more than 4194304 bytes"),
    "a huge config": (docker({"c.json": b" " * (9 << 20)}), "more than 8388608 bytes"),
    "no config": (docker(row={"Config": "other.json"}), "no file 'other.json'"),
    "a config outside": (docker(row={"Config": "../../../../etc/passwd"}), "leads out"),
    "an absolute config": (docker(row={"Config": "/etc/passwd"}), "no file 'etc/passwd'"),
    "a layer outside": (docker(row={"Layers": ["../etc/passwd"]}), "leads out"),
    "a layer that is not there": (docker(row={"Layers": ["x"]}), "no file 'x'"),
    "fewer layers than the config has": (docker(row={"Layers": []}), "length mismatch"),
    "another layer than the config's": (docker({"l/layer.tar": archive(entry("evil"))}), "not sha256:"),
    "a layer that is no tar": (docker({"l/layer.tar": b"x" * 1024}, raw=config(b"x" * 1024)), "failed to register"),
    "a config of another system": (docker(raw=config(os="windows")), "cannot be used on this platform"),
    "a diff ID with a path": (
        docker(raw=config(rootfs={"type": "layers", "diff_ids": ["sha256:../../x"]})), "invalid or unsupported digest",
    ),
    "too many layers": (docker(row={"Layers": ["l/layer.tar"] * 128}, raw=config(*[LAYER] * 128)), "max depth"),
    "a name that climbs": (docker(row={"RepoTags": ["../../etc/cron.d/x:1"]}), "invalid reference format"),
    "a tag with a slash": (docker(row={"RepoTags": ["app:a/b"]}), "invalid reference format"),
    "a name with a digest": (docker(row={"RepoTags": [f"app@sha256:{'0' * 64}"]}), "a digest is no tag"),
    "a file that climbs": (docker(more=entry("../../evil", data=b"x")), "leads out"),
    "a link to a file of the host as config": (
        docker(row={"Config": "link"}, more=entry("link", "symlink", linkname="/etc/passwd")), "no file 'link'",
    ),
    "a link that climbs as layer": (
        docker(row={"Layers": ["link"]}, more=entry("link", "symlink", linkname="../../../etc/passwd")), "leads out",
    ),
    "a link to itself": (
        docker(row={"Layers": ["link"]}, more=entry("link", "symlink", linkname="link")), "no file 'link'",
    ),
    "a hard link": (docker(more=entry("h", "link", linkname="/etc/passwd")), "neither a file nor a folder"),
    "a device": (docker(more=entry("d", "chr", devmajor=1, devminor=3)), "neither a file nor a folder"),
    "a long name": (docker(more=entry("n" * 600)), "a name of 600 bytes"),
    "an index that is no JSON": (layout(files={"index.json": b"{"}), "no image"),
    "a digest with a path": (
        layout({"mediaType": MANIFEST_TYPE, "digest": "sha256:../x", "size": 1}), "unsupported digest",
    ),
    "a manifest that is not there": (layout(descriptor(MANIFEST_TYPE, b"lost")), "no file"),
    "a manifest that is another": (
        layout(descriptor(MANIFEST_TYPE, b"good"), files={f"blobs/sha256/{sha(b'good')}": b"evil"}), "does not match",
    ),
    "a manifest that is also an index": (_top(_BOTH), "either an image manifest or an index"),
    "a manifest called an index": (_top(manifest(), INDEX_TYPE), "do not fit its fields"),
    "an empty index": (_top(_NESTED, INDEX_TYPE), "no matching manifest"),
    "a wrong size": (_top(_BAD_SIZE), "bytes are in the archive"),
    "a lost layer": (_top(_LOST_LAYER), "no file"),
    "a config's digest with a path": (_top(_PATH_DIGEST), "invalid or unsupported digest"),
    "a foreign layer": (_top(_FOREIGN), "is foreign .*: no registry has it"),
    "another kind of artifact": (_top(_OTHER_CONFIG), "unsupported media type"),
}  # fmt: skip


@pytest.mark.parametrize("case", HOSTILE)
async def test_is_refused_and_leaves_nothing(case: str, shelf: Shelf) -> None:
    data, complaint = HOSTILE[case]
    with pytest.raises(EngineError, match=complaint):
        await loaded(shelf, data)
    assert shelf.images.list() == []
    assert shelf.files() == (0, 0)
    assert list((shelf.home / "images/ingest").iterdir()) == []


async def test_indexes_in_each_other_have_an_end(shelf: Shelf) -> None:
    blobs = [manifest()]
    for _ in range(6):
        inner = descriptor(INDEX_TYPE if len(blobs) > 1 else MANIFEST_TYPE, blobs[-1])
        inner["platform"] = {"os": "linux", "architecture": "amd64"}
        blobs.append(json.dumps({"schemaVersion": 2, "mediaType": INDEX_TYPE, "manifests": [inner]}).encode())
    with pytest.raises(EngineError, match="indexes in each other"):
        await loaded(shelf, layout(descriptor(INDEX_TYPE, blobs[-1]), blobs=tuple(blobs)))


async def test_names_in_the_archive_are_no_paths(shelf: Shelf, tmp_path: Path) -> None:
    """An absolute name is one of the archive's own: nothing is written where it says."""
    aim = tmp_path / "aim"
    await loaded(shelf, docker(more=entry(str(aim), data=b"x")))
    assert not aim.exists()
