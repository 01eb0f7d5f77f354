"""The filters of `GET /images/json`."""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Final

from engine.errors import InvalidParameter
from engine.image.config import unix_time
from engine.image.image import Image
from engine.image.reference import matches, parse
from engine.image.until import until

Filters = Mapping[str, Sequence[str]]
_KNOWN: Final = frozenset({"reference", "dangling", "label", "label!", "before", "since", "until"})
_TRUE: Final = frozenset({"1", "true"})
_FALSE: Final = frozenset({"0", "false"})


def select(images: Sequence[Image], filters: Filters, find: Callable[[str], Image]) -> list[Image]:
    """The images that pass all filters; `find` looks up what `before` and `since` name.

    Raises InvalidParameter for a filter that is not known, or a value that can't be, and what `find` raises.
    """
    if unknown := next((name for name in filters if name not in _KNOWN), None):
        raise InvalidParameter(f"invalid filter '{unknown}'")
    before = [unix_time(find(name).created) for name in filters.get("before", ())]
    since = [unix_time(find(name).created) for name in filters.get("since", ())]
    before += [math.ceil(until(text)) for text in filters.get("until", ())]
    wants_dangling = dangling(filters)
    return [
        _narrowed(image, filters.get("reference", ()))
        for image in images
        if (wants_dangling is None or wants_dangling == (not image.repo_tags))
        and _has_labels(image, filters)
        and _has_reference(image, filters.get("reference", ()))
        and all(unix_time(image.created) < limit for limit in before)
        and all(unix_time(image.created) > limit for limit in since)
    ]


def dangling(filters: Filters) -> bool | None:
    """The filter of that name; None where it is not given. Raises InvalidParameter for what is no boolean."""
    values = filters.get("dangling", ())
    if not values:
        return None
    if any(value not in _TRUE | _FALSE for value in values) or len(set(values)) > 1:
        raise InvalidParameter(f"invalid filter 'dangling=[{' '.join(values)}]'")
    return values[0] in _TRUE


def _has_labels(image: Image, filters: Filters) -> bool:
    wanted = all(_has_label(image, label) for label in filters.get("label", ()))
    return wanted and not any(_has_label(image, label) for label in filters.get("label!", ()))


def _has_label(image: Image, label: str) -> bool:
    key, equals, value = label.partition("=")
    return key in image.labels and (not equals or image.labels[key] == value)


def _narrowed(image: Image, patterns: Sequence[str]) -> Image:
    """Who asks for certain references is shown no other names of the image."""
    if not patterns:
        return image
    tags, digests = (
        tuple(name for name in names if any(matches(pattern, parse(name)) for pattern in patterns))
        for names in (image.repo_tags, image.repo_digests)
    )
    return replace(image, repo_tags=tags, repo_digests=digests)


def _has_reference(image: Image, patterns: Sequence[str]) -> bool:
    if not patterns:
        return True
    names = [parse(name) for name in (*image.repo_tags, *image.repo_digests)]
    return any(matches(pattern, name) for pattern in patterns for name in names)
