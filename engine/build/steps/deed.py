"""A step that is to be done."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from engine.build.state import Layer
from engine.image.config import RunConfig


async def nothing() -> None:
    """What a step does that changes no file."""


@dataclass(frozen=True, kw_only=True)
class Deed:
    """`created_by` is the step's line in the image's history, `config` the image's config behind it.

    `do` makes its layer, or None where there is nothing to be made. `key` is what the result depends on beside that
    line and the steps before. `is_independent`: the result does not even depend on those. `can_be_given`: the line says
    all that it depends on.
    """

    created_by: str
    config: RunConfig
    author: str | None = None
    key: tuple[object, ...] = ()
    do: Callable[[], Awaitable[Layer | None]] = nothing
    is_independent: bool = False
    can_be_given: bool = True
