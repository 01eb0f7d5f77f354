"""Pages of lists: so many items, and a cursor that leads to the next. Items that come or go meanwhile shift nothing."""

import base64
import json
from collections.abc import Callable, Iterable
from http import HTTPStatus
from typing import Any, Final, Generic, TypeVar

from django.utils.translation import gettext as _
from ninja import Field, Schema

from dashboard.api.problems import Refusal

T = TypeVar("T")

MOST: Final = 500
USUAL: Final = 50


class Page(Schema, Generic[T]):
    """`next` is the `cursor` of the next page; null on the last one."""

    items: list[T]
    next: str | None = None


class PageQuery(Schema):
    """Which page."""

    limit: int = Field(USUAL, ge=1, le=MOST)
    cursor: str | None = Field(None, max_length=512, description="`next` of the page before")


def encode(place: Iterable[Any]) -> str:
    return base64.urlsafe_b64encode(json.dumps(list(place)).encode()).decode().rstrip("=")


def decode(cursor: str, *kinds: Callable[[Any], Any]) -> tuple[Any, ...]:
    """The place that a cursor names, each part read by its kind. Raises Refusal for what is none of ours."""
    try:
        parts = json.loads(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
        return tuple(kind(part) for kind, part in zip(kinds, parts, strict=True))
    except (ValueError, TypeError, RecursionError) as error:
        raise Refusal(HTTPStatus.UNPROCESSABLE_ENTITY, _("This cursor leads nowhere")) from error


def paged(things: Iterable[T], key: Callable[[T], tuple[Any, ...]], query: PageQuery) -> dict[str, Any]:
    """One page of all `things`, in the order of `key`, which is each one's own."""
    ordered = sorted(things, key=key)
    if query.cursor is not None:
        kinds = [type(part) for part in key(ordered[0])] if ordered else []
        after = decode(query.cursor, *kinds) if kinds else ()
        ordered = [thing for thing in ordered if key(thing) > after]
    items = ordered[: query.limit]
    more = len(ordered) > query.limit
    return {"items": items, "next": encode(key(items[-1])) if more else None}
