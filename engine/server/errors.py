"""From an error's cause to its HTTP status: the one place where the two meet."""

import errno
from collections.abc import Awaitable, Callable
from typing import Final

import msgspec
import structlog
from aiohttp import web

from engine.errors import (
    Conflict,
    EngineError,
    Forbidden,
    InvalidParameter,
    NotFound,
    NotModified,
    NotSupported,
    Unauthorized,
    Unavailable,
)

log = structlog.get_logger(__name__)

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]

_STATUS: Final[dict[type[EngineError], int]] = {
    InvalidParameter: 400,
    Unauthorized: 401,
    Forbidden: 403,
    NotFound: 404,
    Conflict: 409,
    NotModified: 304,
    NotSupported: 501,
    Unavailable: 503,
}
_UNEXPECTED: Final = "the engine failed unexpectedly; its log says more"


def status_of(error: BaseException) -> int:
    """The HTTP status of an error: its own class decides, or the nearest base class that has one; 500 without."""
    return next((_STATUS[kind] for kind in type(error).__mro__ if kind in _STATUS), 500)


def message_of(error: BaseException) -> str:
    """What a client is told.

    An engine's error speaks for itself. Teardown collects several into one group: each is told. Of anything else
    only the class and the text, never a traceback. A full disk is no surprise, and told as what it is.
    """
    if isinstance(error, EngineError):
        return error.message
    if isinstance(error, BaseExceptionGroup):
        return f"{error.message}: {'; '.join(message_of(one) for one in error.exceptions)}"
    if isinstance(error, OSError) and error.errno in {errno.ENOSPC, errno.EDQUOT}:
        return f"{error.strerror}: {error.filename}" if error.filename else str(error.strerror)
    return f"{_UNEXPECTED}: {type(error).__name__}: {error}"


def error_response(status: int, message: str) -> web.Response:
    """Docker's error shape; a 304 has no body (RFC 9110, 15.4.5)."""
    if status == 304:
        return web.Response(status=status)
    body = msgspec.json.encode({"message": message})
    return web.Response(status=status, body=body, content_type="application/json")


def respond(error: Exception) -> web.Response:
    """Turn an error into a response; one that nobody expected is logged whole."""
    status = status_of(error)
    if status == 500:
        log.error("request failed", error=str(error), exc_info=error)
    return error_response(status, message_of(error))
