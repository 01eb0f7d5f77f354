"""A container whose record can't be read: what can still be said of it."""

from collections.abc import Callable
from typing import Any, TypeVar

import msgspec

from engine.container.config import ContainerConfig, HostConfig
from engine.container.record import Record, State
from engine.container.state import Status
from engine.ids import NAME_PATTERN, short_id

T = TypeVar("T")


def salvage(identifier: str, body: bytes, reason: str) -> Record:
    """Dead, with its reason, and with its name and image where those still stand. All that is left is to remove it."""
    try:
        found = msgspec.json.decode(body)
    except msgspec.MsgspecError:
        found = None
    told = found if isinstance(found, dict) else {}
    return Record(
        id=identifier,
        name=_value(told, "name", str, NAME_PATTERN.fullmatch) or short_id(identifier),
        created=_value(told, "created", int) or 0,
        image_id=_value(told, "image_id", str) or "",
        image_name=_value(told, "image_name", str) or "",
        config=ContainerConfig(),
        host_config=HostConfig(network_mode="none"),
        network="none",
        state=State(status=Status.DEAD, error=f"the container's record can't be read: {reason}"),
    )


def _value(told: dict[str, Any], name: str, kind: type[T], fits: Callable[[T], object] = bool) -> T | None:
    value = told.get(name)
    return value if isinstance(value, kind) and fits(value) else None
