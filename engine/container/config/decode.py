"""From a request's JSON to its structures, with every field that can't be honoured refused by name."""

from collections.abc import Iterator
from functools import cache
from typing import Any, Final, TypeVar

import msgspec
from msgspec import Struct
from msgspec import inspect as shapes

from engine.errors import InvalidParameter, NotSupported

S = TypeVar("S", bound=Struct)

#: Fields whose "nothing said" is not JSON's zero.
_QUIET: Final[dict[str, tuple[Any, ...]]] = {"MemorySwappiness": (-1,)}
#: Fields that older clients still send, and that say nothing to a Linux engine.
_OBSOLETE: Final = frozenset({"ArgsEscaped"})
#: Why a field can't be honoured, where there is more to say than that.
_REASONS: Final[dict[str, str]] = {
    "StorageOpt": "--storage-opt needs a graph driver with quotas, and this engine's has none",
    "DeviceRequests": "--gpus and other device requests need a device driver, and this engine has none",
    "KernelMemory": "--kernel-memory was taken out of the kernel (since Linux 6.1 nothing honours it)",
    "KernelMemoryTCP": "a limit for TCP's buffers was taken out of the API",
    "CpuRealtimePeriod": "--cpu-rt-period needs the kernel's real-time group scheduling, which Debian's has not",
    "CpuRealtimeRuntime": "--cpu-rt-runtime needs the kernel's real-time group scheduling, which Debian's has not",
    "NetworkDisabled": "see NetworkMode: none",
    "OnBuild": "only an image has triggers",
    "Cgroup": "see CgroupnsMode and CgroupParent",
    "ImageOptions": "an image can't be mounted",
    "ClusterOptions": "cluster volumes need swarm mode",
    "CpuCount": "it is for Windows; see NanoCpus",
    "CpuPercent": "it is for Windows; see NanoCpus",
    "IOMaximumIOps": "it is for Windows; see BlkioDeviceReadIOps and BlkioDeviceWriteIOps",
    "IOMaximumBandwidth": "it is for Windows; see BlkioDeviceReadBps and BlkioDeviceWriteBps",
}


def decode(kind: type[S], body: Any, where: str) -> S:
    """Read `body` (decoded JSON) as `kind`.

    Raises InvalidParameter for a malformed field and NotSupported for a field that asks for something the engine
    does not have; both name the field, `where` saying in which part of the request it stands.
    """
    if body is None:
        return kind()
    if not isinstance(body, dict):
        raise InvalidParameter(f"{where}: an object is expected, not {type(body).__name__}")
    try:
        return msgspec.convert(_known(shapes.type_info(kind), body, where), kind, strict=True)
    except msgspec.ValidationError as error:
        raise InvalidParameter(f"invalid {where}: {error}") from error


def _known(shape: shapes.Type, value: Any, where: str) -> Any:
    """`value` with only the fields that `shape` has, at every depth, by their exact names."""
    kinds = tuple(_variants(shape))
    for kind in kinds:
        if isinstance(kind, shapes.StructType) and isinstance(value, dict):
            return _known_fields(kind, value, where)
        if isinstance(kind, shapes.ListType) and isinstance(value, list):
            return [_known(kind.item_type, item, f"{where}[{index}]") for index, item in enumerate(value)]
        if isinstance(kind, shapes.DictType) and isinstance(value, dict):
            return {key: _known(kind.value_type, item, f"{where}[{key!r}]") for key, item in value.items()}
    return value


def _known_fields(kind: shapes.StructType, body: dict[str, Any], where: str) -> dict[str, Any]:
    """JSON keys match in any case, as in Docker."""
    fields = _fields(kind.cls)
    known: dict[str, Any] = {}
    for key, value in body.items():
        field = fields.get(key.lower())
        if field is None:
            _refuse(f"{where}.{key}", key, value)
        elif value is not None:
            known[field.encode_name] = _known(field.type, value, f"{where}.{field.encode_name}")
    return known


@cache
def _fields(kind: type[Struct]) -> dict[str, shapes.Field]:
    described = shapes.type_info(kind)
    assert isinstance(described, shapes.StructType)  # noqa: S101 -- for mypy
    return {field.encode_name.lower(): field for field in described.fields}


def _variants(shape: shapes.Type) -> Iterator[shapes.Type]:
    if isinstance(shape, shapes.UnionType):
        yield from shape.types
    else:
        yield shape


def _refuse(path: str, key: str, value: Any) -> None:
    if _says_nothing(value) or key in _OBSOLETE or value in _QUIET.get(key, ()):
        return
    reason = f" ({_REASONS[key]})" if key in _REASONS else ""
    raise NotSupported(f"{path} is not supported: {msgspec.json.encode(value).decode()[:200]}{reason}")


def _says_nothing(value: Any) -> bool:
    if isinstance(value, dict):
        return all(_says_nothing(item) for item in value.values())
    if isinstance(value, list):
        return all(_says_nothing(item) for item in value)
    return not value
