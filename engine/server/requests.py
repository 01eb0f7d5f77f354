"""What a request says: its body and its query parameters, read as Docker reads them."""

import re
from collections.abc import Iterable
from typing import Any, Final

import msgspec
from aiohttp import web

from engine.errors import InvalidParameter

#: The largest JSON body. Docker has no limit; the largest real one (a container with every option) is some kilobytes.
BODY_LIMIT: Final = 4 << 20
#: How deep a body may nest; Docker's own structures need less than ten levels.
DEPTH_LIMIT: Final = 64
_WHOLE: Final = re.compile(r"-?[0-9]{1,9}")
_POSITION: Final = re.compile(r"[0-9]{1,18}")
_FALSE: Final = frozenset({"", "0", "no", "false", "none"})


async def read_json(request: web.Request) -> Any:
    """The request's body as decoded JSON; None where there is no body.

    A body must be declared as `application/json` (moby's httputils.CheckForJSON: it keeps simple cross-site forms
    out). Raises InvalidParameter for another type, for what is not exactly one JSON value, for one that is too deep
    and for strings with a NUL, which no name, path or argument can hold.
    """
    body = await request.read()
    if not body:
        return None
    _check_content_type(request.headers.get("Content-Type", ""))
    return decode_json(body, "JSON")


def decode_json(text: bytes | str, what: str) -> Any:
    """Decode one JSON value that a stranger wrote; `what` names it in the InvalidParameter that this raises."""
    try:
        value = msgspec.json.decode(text)
    except (msgspec.DecodeError, RecursionError) as error:
        raise InvalidParameter(f"invalid {what}: {error}") from error
    _check_value(value, what)
    return value


async def read_object(request: web.Request, *, required: bool = False) -> dict[str, Any]:
    """The body as a JSON object; empty where there is no body (an error when it is `required`), or where it is null."""
    value = await read_json(request)
    if value is None and required and not await request.read():
        raise InvalidParameter("invalid JSON: got EOF while reading request body")
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise InvalidParameter(f"invalid JSON: an object is expected, not {_kind(value)}")
    return value


def flag(request: web.Request, name: str, *, default: bool = False) -> bool:
    """A boolean query parameter: absent is the default; empty, 0, no, false and none are false; all else is true."""
    value = request.query.get(name)
    return default if value is None else value.strip().lower() not in _FALSE


def number(request: web.Request, name: str) -> int | None:
    """A whole-number query parameter, None where it is absent or empty.

    Raises InvalidParameter for anything else, and for one of more than nine digits: no time, count or size needs them.
    """
    text = request.query.get(name, "")
    if not text:
        return None
    if not _WHOLE.fullmatch(text):
        raise InvalidParameter(f"invalid value {text!r} for {name}: a whole number is expected")
    return int(text)


def position(request: web.Request, name: str) -> int:
    """A place in a stream of bytes, 0 where it is absent. Raises InvalidParameter for what is none."""
    text = request.query.get(name) or "0"
    if not _POSITION.fullmatch(text):
        raise InvalidParameter(f"invalid value {text!r} for {name}: a number of bytes is expected")
    return int(text)


def word(request: web.Request, name: str) -> str | None:
    """A query parameter, None where it is absent or empty."""
    return request.query.get(name) or None


def size(request: web.Request) -> tuple[int, int]:
    """A terminal's height and width (`h` and `w`), in characters; both are required."""
    return _side(request, "h", "height"), _side(request, "w", "width")


def _side(request: web.Request, name: str, meaning: str) -> int:
    text = request.query.get(name, "")
    if not _WHOLE.fullmatch(text) or not 0 <= int(text) <= 0xFFFF:
        raise InvalidParameter(f'invalid resize {meaning} "{text}": a number of characters is expected')
    return int(text)


def _check_content_type(header: str) -> None:
    media_type = header.partition(";")[0].strip().lower()
    if not media_type:
        raise InvalidParameter("malformed Content-Type header (): mime: no media type")
    if media_type != "application/json":
        raise InvalidParameter(f"unsupported Content-Type header ({header}): must be 'application/json'")


def _check_value(value: Any, what: str) -> None:
    """Level by level, without recursion: what comes after may be recursive."""
    level, depth = [value], 0
    while level:
        if (depth := depth + 1) > DEPTH_LIMIT:
            raise InvalidParameter(f"invalid {what}: nested deeper than {DEPTH_LIMIT} levels")
        if any(isinstance(item, str) and "\0" in item for item in level):
            raise InvalidParameter(f"invalid {what}: a string holds a NUL character")
        level = [inner for item in level for inner in _inside(item)]


def _inside(value: Any) -> Iterable[Any]:
    if isinstance(value, dict):
        return [*value.keys(), *value.values()]
    return value if isinstance(value, list) else ()


def _kind(value: Any) -> str:
    names = {str: "a string", list: "an array", bool: "a boolean", int: "a number", float: "a number"}
    return names.get(type(value), "null")
