"""The `filters` of a query: one JSON object, in the two shapes that Docker's clients write it in."""

from typing import Any

from aiohttp import web

from engine.errors import InvalidParameter
from engine.server.requests import decode_json

Filters = dict[str, list[str]]


def read_filters(request: web.Request) -> Filters:
    """Each filter's values, in the order that they were given; empty where the query has no filters.

    Raises InvalidParameter for anything else than a JSON object of lists, or of mappings whose keys are the values.
    Which names there are is the business of whoever filters.
    """
    return parse_filters(request.query.get("filters", ""))


def parse_filters(text: str) -> Filters:
    """Read `{"label": ["a", "b"]}`, or `{"label": {"a": true, "b": true}}` as clients wrote until API 1.22 (and Go's
    library still does); a value that is false is not asked for."""
    if not text:
        return {}
    decoded = decode_json(text, "filter")
    if not isinstance(decoded, dict):
        raise InvalidParameter(f"invalid filter: a JSON object is expected, not {text[:100]!r}")
    return {name: _values(name, value) for name, value in decoded.items()}


def _values(name: str, value: Any) -> list[str]:
    if isinstance(value, dict):
        value = [key for key, wanted in value.items() if wanted is True]
    if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
        raise InvalidParameter(f"invalid filter '{name}': a list of strings is expected")
    return list(dict.fromkeys(value))
