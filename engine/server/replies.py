"""JSON answers: whole ones, and streams of messages."""

from collections.abc import AsyncIterable, Mapping
from typing import Any, Final

import msgspec
import structlog
from aiohttp import web

from engine.errors import EngineError
from engine.server.errors import message_of, status_of

log = structlog.get_logger(__name__)

JSON: Final = "application/json"
_encoder: Final = msgspec.json.Encoder()


def reply(value: Any, *, status: int = 200) -> web.Response:
    """Answer with `value` as JSON (mappings, lists, msgspec structures, datetimes)."""
    return web.Response(status=status, body=_encoder.encode(value), content_type=JSON)


def nothing(*, status: int = 204) -> web.Response:
    """Answer that it is done, without a body."""
    return web.Response(status=status)


async def stream_json(
    request: web.Request, messages: AsyncIterable[Mapping[str, Any]], *, at_once: bool = False
) -> web.StreamResponse:
    """Send each message as one line of JSON as soon as it comes (pull, events).

    The status is decided by the first message, or `at_once`: an error before is an ordinary error response. After, the
    200 is out, and an error becomes Docker's last message of a stream: `{"errorDetail": {"message": …}, "error": …}`.
    """
    response = web.StreamResponse(headers={"Content-Type": JSON})
    if at_once:
        await response.prepare(request)
    try:
        async for message in messages:
            if not response.prepared:
                await response.prepare(request)
            await response.write(_encoder.encode(message) + b"\r\n")
    except (EngineError, ExceptionGroup) as error:
        if not response.prepared:
            raise
        await response.write(_encoder.encode(error_message(error)) + b"\r\n")
    if not response.prepared:
        await response.prepare(request)
    return response


def error_message(error: BaseException) -> dict[str, Any]:
    """The message that ends a stream which failed."""
    if status_of(error) == 500:
        log.error("stream failed", error=str(error), exc_info=error)
    text = message_of(error)
    return {"errorDetail": {"message": text}, "error": text}
