"""Server-sent events: text, one event after the other, for as long as there are any.

Source: WHATWG HTML, "Server-sent events".
"""

import asyncio
import contextlib
from collections.abc import AsyncGenerator, AsyncIterator
from typing import Any, Final

from django.http import StreamingHttpResponse

MEDIA_TYPE: Final = "text/event-stream"
#: Seconds of silence after which a comment goes out: proxies take a silent connection for a dead one.
QUIET: Final = 15.0
_COMMENT: Final = b": still here\n\n"


def event(name: str, data: bytes, id_: str = "") -> bytes:
    """One event; `data` is JSON, and so one line."""
    head = f"id: {id_}\nevent: {name}\n" if id_ else f"event: {name}\n"
    return b"%bdata: %b\n\n" % (head.encode(), data)


def respond(events: AsyncIterator[bytes]) -> StreamingHttpResponse:
    """The answer that sends `events` as they come."""
    response = StreamingHttpResponse(kept_alive(events), content_type=MEDIA_TYPE)
    response["X-Accel-Buffering"] = "no"
    response["Cache-Control"] = "no-store"
    return response


async def kept_alive(events: AsyncIterator[bytes], *, quiet: float = QUIET) -> AsyncGenerator[bytes, None]:
    """`events`, with a comment after each `quiet` seconds of silence; closes them when the client goes."""
    coming: asyncio.Task[bytes] | None = None
    try:
        while True:
            coming = coming or asyncio.get_running_loop().create_task(_next(events), name="next event")
            done, _waiting = await asyncio.wait({coming}, timeout=quiet)
            if not done:
                yield _COMMENT
                continue
            try:
                data = coming.result()
            except StopAsyncIteration:
                return
            finally:
                coming = None
            yield data
    finally:
        if coming is not None:
            coming.cancel()
            await asyncio.wait({coming})
        await _close(events)


async def _next(events: AsyncIterator[bytes]) -> bytes:
    return await anext(events)


async def _close(events: Any) -> None:
    with contextlib.suppress(RuntimeError):
        await events.aclose()
