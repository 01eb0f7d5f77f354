import json
from typing import Any

import pytest

from engine.errors import EngineError, InvalidParameter, NotFound, NotSupported
from engine.image.manifest import (
    DOCKER_INDEX,
    DOCKER_MANIFEST,
    OCI_INDEX,
    OCI_MANIFEST,
    SIZE_LIMIT,
    Index,
    Manifest,
    parse_manifest,
)
from engine.image.platform import Platform

D = "sha256:" + "a" * 64
CONFIG = {"mediaType": "application/vnd.oci.image.config.v1+json", "digest": D, "size": 2}
LAYER = {"mediaType": "application/vnd.oci.image.layer.v1.tar+gzip", "digest": D, "size": 2}
MANIFEST = {"schemaVersion": 2, "mediaType": OCI_MANIFEST, "config": CONFIG, "layers": [LAYER]}
ENTRY = {"mediaType": OCI_MANIFEST, "digest": D, "size": 2, "platform": {"os": "linux", "architecture": "amd64"}}
INDEX = {"schemaVersion": 2, "mediaType": OCI_INDEX, "manifests": [ENTRY]}


def _without(document: dict[str, Any], *keys: str) -> dict[str, Any]:
    return {key: value for key, value in document.items() if key not in keys}


@pytest.mark.parametrize(
    ("document", "content_type", "kind"),
    [
        (MANIFEST, OCI_MANIFEST, OCI_MANIFEST),
        (MANIFEST, OCI_MANIFEST + "; charset=utf-8", OCI_MANIFEST),
        (MANIFEST, "", OCI_MANIFEST),
        (_without(MANIFEST, "mediaType"), OCI_MANIFEST, OCI_MANIFEST),
        (_without(MANIFEST, "mediaType"), "application/json", OCI_MANIFEST),
        (MANIFEST | {"mediaType": DOCKER_MANIFEST}, DOCKER_MANIFEST, DOCKER_MANIFEST),
        (MANIFEST | {"layers": []}, OCI_MANIFEST, OCI_MANIFEST),
        (MANIFEST | {"annotations": {"a": "b"}, "subject": ENTRY}, OCI_MANIFEST, OCI_MANIFEST),
        (INDEX, OCI_INDEX, OCI_INDEX),
        (INDEX | {"mediaType": DOCKER_INDEX}, DOCKER_INDEX, DOCKER_INDEX),
        (_without(INDEX, "mediaType"), "", OCI_INDEX),
    ],
)
def test_good(document: dict[str, Any], content_type: str, kind: str) -> None:
    parsed = parse_manifest(json.dumps(document).encode(), content_type)
    assert isinstance(parsed, Index if "manifests" in document else Manifest)
    assert parsed.descriptor.media_type == kind


@pytest.mark.parametrize(
    ("document", "content_type", "error"),
    [
        (MANIFEST | INDEX, OCI_MANIFEST, InvalidParameter),
        (MANIFEST | INDEX, OCI_INDEX, InvalidParameter),
        (MANIFEST | {"manifests": []}, OCI_MANIFEST, InvalidParameter),
        (INDEX | {"config": CONFIG}, OCI_INDEX, InvalidParameter),
        (INDEX | {"layers": [LAYER]}, OCI_INDEX, InvalidParameter),
        (MANIFEST | {"fsLayers": []}, OCI_MANIFEST, InvalidParameter),
        (MANIFEST, OCI_INDEX, InvalidParameter),
        (MANIFEST, DOCKER_MANIFEST, InvalidParameter),
        (INDEX, OCI_MANIFEST, InvalidParameter),
        (MANIFEST, "text/html", InvalidParameter),
        (MANIFEST | {"mediaType": "x/y"}, "", InvalidParameter),
        (_without(MANIFEST, "layers"), OCI_MANIFEST, InvalidParameter),
        (_without(MANIFEST, "config"), OCI_MANIFEST, InvalidParameter),
        (MANIFEST | {"schemaVersion": 1}, "", NotSupported),
        (MANIFEST, "application/vnd.docker.distribution.manifest.v1+prettyjws", NotSupported),
        (MANIFEST | {"layers": [LAYER | {"digest": "sha256:../../x"}]}, "", InvalidParameter),
        (MANIFEST | {"layers": [LAYER | {"digest": "md5:abc"}]}, "", InvalidParameter),
        (MANIFEST | {"layers": [LAYER | {"size": -1}]}, "", InvalidParameter),
        (MANIFEST | {"layers": [LAYER | {"size": 2**70}]}, "", InvalidParameter),
        (MANIFEST | {"layers": [LAYER | {"size": "2"}]}, "", InvalidParameter),
        (MANIFEST | {"layers": [LAYER] * 128}, "", NotSupported),
        (MANIFEST | {"layers": [LAYER | {"mediaType": "application/vnd.oci.image.layer.v1.tar+br"}]}, "", NotSupported),
        (MANIFEST | {"config": CONFIG | {"digest": "x"}}, "", InvalidParameter),
        (INDEX | {"manifests": [ENTRY | {"digest": D[:-1]}]}, "", InvalidParameter),
        ([MANIFEST], "", InvalidParameter),
    ],
)
def test_bad(document: Any, content_type: str, error: type[EngineError]) -> None:
    with pytest.raises(error):
        parse_manifest(json.dumps(document).encode(), content_type)


@pytest.mark.parametrize(
    "raw", [b"", b"{", b"\xff\xfe", b"[" * 100_000, b" " * (SIZE_LIMIT + 1), b'{"schemaVersion":2}']
)
def test_no_document_at_all(raw: bytes) -> None:
    with pytest.raises(InvalidParameter):
        parse_manifest(raw, OCI_MANIFEST)


def test_the_choice_of_a_platform() -> None:
    platforms = [("arm", "v6"), ("arm", "v7"), ("amd64", ""), ("arm64", "v8"), ("arm", "v5")]
    entries = [
        ENTRY | {"digest": f"sha256:{number:064x}", "platform": {"os": "linux", "architecture": a, "variant": v}}
        for number, (a, v) in enumerate(platforms)
    ]
    entries.append(ENTRY | {"platform": {"os": "unknown", "architecture": "unknown"}})
    entries.append(_without(ENTRY, "platform"))
    index = parse_manifest(json.dumps(INDEX | {"manifests": entries}).encode(), "")
    assert isinstance(index, Index)

    def chosen(*wanted: str) -> int:
        return int(index.choose(Platform("linux", *wanted)).digest[-2:], 16)

    assert chosen("amd64") == 2
    assert chosen("arm64") == chosen("arm64", "v8") == 3
    assert chosen("arm", "v7") == chosen("arm", "v8") == chosen("arm") == 1
    assert chosen("arm", "v6") == 0
    assert chosen("arm", "v5") == 4
    with pytest.raises(NotFound, match="no matching manifest for linux/riscv64 in the manifest list entries"):
        chosen("riscv64")
