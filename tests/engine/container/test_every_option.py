"""No option of a create request is accepted and ignored: each field of the API is honoured, inert by its nature, or
refused by name. The API's description is read where it is at hand; the table of fields holds everywhere.
"""

import ast
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any, Final

import msgspec
import pytest
import yaml
from msgspec import Struct

import engine
from engine.container.config import (
    BindOptions,
    ContainerConfig,
    DriverConfig,
    HostConfig,
    Mount,
    TmpfsOptions,
    VolumeOptions,
    decode,
)
from engine.container.config.host import LogConfig, RestartPolicy
from engine.errors import NotSupported

DESCRIPTION = Path(__file__).parents[4] / "shared/reference/docker-engine-api-v1.48.yaml"

#: What nobody has to read, and why; Docker's daemon has no use for these either.
INERT: Final = {
    "ContainerIDFile": "the client itself writes the file; the daemon only shows the path",
    "AttachStdin": "the client attaches by itself; the daemon only shows the wish",
    "AttachStdout": "as AttachStdin",
    "AttachStderr": "as AttachStdin",
    "Consistency": "for Docker Desktop's file sharing; on Linux files are the same on both sides",
}
#: Refused when they say something. `ArgsEscaped` alone passes: old Windows clients send it, and Linux ignores it.
REFUSED: Final[dict[type[Struct], set[str]]] = {
    ContainerConfig: {"NetworkDisabled", "OnBuild"},
    HostConfig: {
        "CpuRealtimePeriod", "CpuRealtimeRuntime", "DeviceRequests", "KernelMemoryTCP", "KernelMemory", "CpuCount",
        "CpuPercent", "IOMaximumIOps", "IOMaximumBandwidth", "Cgroup", "StorageOpt",
    },
    Mount: {"ImageOptions", "ClusterOptions"},
}  # fmt: skip
#: Where each structure stands in the API's description, as a path below `definitions`.
DESCRIBED: Final[dict[type[Struct], tuple[str, ...]]] = {
    ContainerConfig: ("ContainerConfig",),
    HostConfig: ("HostConfig",),
    LogConfig: ("HostConfig", "LogConfig"),
    RestartPolicy: ("RestartPolicy",),
    Mount: ("Mount",),
    BindOptions: ("Mount", "BindOptions"),
    VolumeOptions: ("Mount", "VolumeOptions"),
    DriverConfig: ("Mount", "VolumeOptions", "DriverConfig"),
    TmpfsOptions: ("Mount", "TmpfsOptions"),
}


def known(kind: type[Struct]) -> dict[str, str]:
    """The fields that the engine decodes: the API's name, and the attribute's."""
    return {field.encode_name: field.name for field in msgspec.structs.fields(kind)}


@cache
def read_attributes() -> frozenset[str]:
    """Every attribute that some code of the engine reads, but for the structures' own definitions."""
    root = Path(engine.__file__).parent
    files = [path for path in root.rglob("*.py") if "config" not in path.relative_to(root).parts]
    return frozenset(
        node.attr
        for path in files
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Load)
    )


@pytest.mark.parametrize("kind", DESCRIBED)
def test_what_is_decoded_is_read_by_somebody(kind: type[Struct]):
    unread = {name for name, attribute in known(kind).items() if attribute not in read_attributes()}
    assert unread - INERT.keys() == set()


@pytest.mark.parametrize(("kind", "name"), [(kind, name) for kind, names in REFUSED.items() for name in sorted(names)])
@pytest.mark.parametrize("value", [1, {"a": "b"}, ["x"], True])
def test_what_is_not_there_is_refused_by_name(kind: type[Struct], name: str, value: object):
    with pytest.raises(NotSupported, match=rf"Here\.{name} is not supported"):
        decode(kind, {"Type": "image", name: value} if kind is Mount else {name: value}, "Here")


@pytest.mark.skipif(not DESCRIPTION.exists(), reason="the API's description is not beside this checkout")
@pytest.mark.parametrize("kind", DESCRIBED)
def test_every_field_of_the_api_is_one_of_the_three(kind: type[Struct]):
    ours = known(kind).keys() | REFUSED.get(kind, set()) | {"ArgsEscaped"}
    assert set(described(*DESCRIBED[kind])) - ours == set()


def described(first: str, *path: str) -> Iterator[str]:
    definitions = yaml.safe_load(DESCRIPTION.read_text())["definitions"]
    shape = definitions[first]
    for step in path:
        shape = merged(definitions, shape)[step]
    yield from merged(definitions, shape)


def merged(definitions: dict[str, Any], shape: dict[str, Any]) -> dict[str, Any]:
    """The properties of a shape, with those of all that it is made of."""
    found: dict[str, Any] = dict(shape.get("properties", {}))
    for part in shape.get("allOf", ()):
        found |= merged(definitions, definitions[part["$ref"].rpartition("/")[2]] if "$ref" in part else part)
    return found
