"""References, manifests and configs that nobody wrote: each is read for what it is, or refused, and nothing else."""

import copy
import json
import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.errors import EngineError, InvalidParameter
from engine.graphdriver.driver import MAX_LAYERS
from engine.image.config import ImageConfig, parse_config
from engine.image.digest import is_digest
from engine.image.glob import Glob
from engine.image.manifest import ACCEPTED, SIZE_LIMIT, Index, Manifest, parse_manifest
from engine.image.reference import Reference, matches, parse, parse_any

_PIECES = st.sampled_from(
    [
        *(
            "a",
            "b0",
            "app",
            "A",
            "docker.io",
            "localhost",
            "library",
            ":5000",
            ":1",
            "@",
            "sha256:",
            "a" * 64,
            "f" * 64,
        ),
        *(
            "/",
            "//",
            "..",
            ".",
            "-",
            "_",
            "__",
            "[::1]",
            "%2e",
            "\\",
            "\0",
            "\n",
            " ",
            "é",
            "\u202e",
            "~",
            "$(x)",
            "../",
        ),
    ]
)
TEXTS = st.one_of(st.lists(_PIECES, max_size=8).map("".join), st.text(max_size=40))

_HOSTS = st.sampled_from(["docker.io", "localhost", "127.0.0.1:5000", "registry.example", "[::1]:80", "Upper"])
_NAMES = st.from_regex(r"[a-z0-9]+((\.|_|__|-{1,3})[a-z0-9]+){0,2}", fullmatch=True).filter(lambda name: len(name) < 40)
_TAGS = st.none() | st.from_regex(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,20}", fullmatch=True)
_DIGESTS = st.none() | st.from_regex(r"sha256:[0-9a-f]{64}", fullmatch=True)
REFERENCES = st.builds(Reference, _HOSTS, st.lists(_NAMES, min_size=1, max_size=4).map("/".join), _TAGS, _DIGESTS)


@given(TEXTS)
def test_any_text_as_a_reference(text: str) -> None:
    try:
        reference = parse(text)
    except InvalidParameter:
        return
    for part in (reference.host, *reference.path.split("/")):
        assert part not in {"", ".", ".."}, "it becomes a path in a registry's URL"
    assert str(reference).isascii()
    assert not set(str(reference)) & set("\\\0\n %~$")
    assert reference.digest is None or is_digest(reference.digest)
    assert parse(str(reference)) == reference


@given(REFERENCES)
def test_what_is_written_is_read_again(reference: Reference) -> None:
    if reference.host == "docker.io" and "/" not in reference.path:
        reference = Reference(reference.host, f"library/{reference.path}", reference.tag, reference.digest)
    assert parse(str(reference)) == reference
    assert parse(reference.familiar) == reference


@given(TEXTS)
def test_any_text_as_a_name_or_an_id(text: str) -> None:
    try:
        read = parse_any(text)
    except InvalidParameter:
        return
    assert isinstance(read, Reference) or is_digest(read)


@given(pattern=st.one_of(TEXTS, st.text("ab*?[]^-\\/", max_size=12)), reference=REFERENCES)
def test_any_text_as_a_pattern(pattern: str, reference: Reference) -> None:
    try:
        matches(pattern, reference)
    except InvalidParameter:
        return


@given(st.lists(st.sampled_from(["*", "a", "?", "/", "[a-c]"]), max_size=8), st.text("ab/", max_size=8))
def test_patterns_mean_what_their_expression_would(parts: list[str], name: str) -> None:
    expression = "".join({"*": "[^/]*", "?": "[^/]"}.get(part, part) for part in parts)
    assert Glob("".join(parts)).fits(name) == bool(re.fullmatch(expression, name))


def test_a_pattern_of_stars_takes_no_time() -> None:
    assert not Glob("*a" * 500 + "b").fits("a" * 2000)


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**70), 2**70) | st.floats(allow_nan=False) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=6,
)
_DIGEST = "sha256:" + "a" * 64
_CONFIG = {"mediaType": "application/vnd.oci.image.config.v1+json", "digest": _DIGEST, "size": 2}
_LAYER = {"mediaType": "application/vnd.oci.image.layer.v1.tar+gzip", "digest": _DIGEST, "size": 2}
_PLATFORM = {"os": "linux", "architecture": "amd64"}
_MANIFEST = {"schemaVersion": 2, "mediaType": ACCEPTED[2], "config": _CONFIG, "layers": [_LAYER, _LAYER]}
_INDEX = {"schemaVersion": 2, "mediaType": ACCEPTED[3], "manifests": [_LAYER | {"platform": _PLATFORM}]}
_IMAGE = {
    "rootfs": {"type": "layers", "diff_ids": [_DIGEST]},
    "created": "2024-01-01T00:00:00Z",
    "architecture": "amd64",
    "os": "linux",
    "history": [{"created_by": "x", "empty_layer": False}],
    "config": {"Env": ["A=b"], "Cmd": ["x"], "Labels": {"a": "b"}, "ExposedPorts": {"80/tcp": {}}},
}


@st.composite
def _spoiled(draw: st.DrawFn, *documents: dict[str, Any]) -> Any:
    """A good document of which one or two places have been changed, dropped or repeated."""
    document = copy.deepcopy(draw(st.sampled_from(documents)))
    for _ in range(draw(st.integers(1, 2))):
        place: Any = document
        while True:
            keys = sorted(place) if isinstance(place, dict) else list(range(len(place)))
            if not keys:
                break
            key = draw(st.sampled_from(keys))
            if isinstance(place[key], dict | list) and place[key] and draw(st.booleans()):
                place = place[key]
                continue
            _spoil(draw, place, key)
            break
    return document


def _spoil(draw: st.DrawFn, place: Any, key: Any) -> None:
    match draw(st.sampled_from(["drop", "change", "add", "repeat"])):
        case "drop":
            del place[key]
        case "change":
            place[key] = copy.deepcopy(draw(_JSON))
        case "add" if isinstance(place, dict):
            names = ["manifests", "layers", "config", "fsLayers", "mediaType", "urls", "digest", "size", "platform"]
            place[draw(st.sampled_from(names))] = draw(_JSON | st.sampled_from([[_LAYER], _CONFIG]).map(copy.deepcopy))
        case _ if isinstance(place, list):
            place.extend(place * 200)


@given(document=_spoiled(_MANIFEST, _INDEX), said=st.sampled_from(["", "application/json", "text/html", *ACCEPTED]))
def test_manifests(document: Any, said: str) -> None:
    raw = json.dumps(document).encode()
    try:
        read = parse_manifest(raw, said)
    except EngineError:
        return
    assert isinstance(read, Manifest | Index)
    assert ("manifests" in document) == isinstance(read, Index), "one document has one meaning"
    pointers = read.manifests if isinstance(read, Index) else (read.config, *read.layers)
    assert all(is_digest(each.digest) and 0 <= each.size < 1 << 63 for each in pointers)
    assert isinstance(read, Index) or len(read.layers) <= MAX_LAYERS


@given(document=_spoiled(_IMAGE))
def test_configs(document: Any) -> None:
    try:
        read = parse_config(json.dumps(document).encode())
    except InvalidParameter:
        return
    assert isinstance(read, ImageConfig)
    assert all(is_digest(diff_id) for diff_id in read.rootfs.diff_ids)


@given(st.binary(max_size=200))
def test_any_bytes(data: bytes) -> None:
    for read in (lambda: parse_manifest(data, ""), lambda: parse_config(data)):
        with pytest.raises(EngineError):
            read()


def test_a_manifest_at_its_limit() -> None:
    padded = json.dumps(_MANIFEST).encode().ljust(SIZE_LIMIT)
    assert isinstance(parse_manifest(padded, ""), Manifest)
    with pytest.raises(InvalidParameter, match="larger than"):
        parse_manifest(padded + b" ", "")
