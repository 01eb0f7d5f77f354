"""Which error of many is the cause."""

from typing import TypeVar, cast

E = TypeVar("E", bound=Exception)


def first(group: BaseExceptionGroup[E]) -> E:
    """One layer's failure cancels the others; the first is the cause."""
    error: BaseException = group
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    return cast("E", error)
