"""`docker import`: an image from a root filesystem's tar, which the client sends or a web server has."""

from collections.abc import AsyncGenerator, AsyncIterable, AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any, Final

import aiohttp
from aiohttp import ClientTimeout
from yarl import URL

from engine.errors import InvalidParameter, NotFound, Unavailable
from engine.events import EventBus
from engine.image import changes as instructions
from engine.image.archive.compose import Credits, import_
from engine.image.config import RunConfig
from engine.image.platform import Platform
from engine.image.reference import Reference
from engine.image.service import Images
from engine.registry.connection import new_session, reason
from engine.registry.proxy import proxy_for

Message = dict[str, Any]

_PIECE: Final = 256 << 10
#: Seconds: for a connection, and between two pieces. The whole may take as long as it comes in.
_TIMEOUT: Final = ClientTimeout(total=None, sock_connect=30, sock_read=60)


@dataclass(frozen=True, kw_only=True)
class Import:
    """What is asked for: `source` is `-` for the request's own body, or a URL (one without a scheme is http)."""

    source: str
    name: Reference | None = None
    changes: tuple[str, ...] = ()
    message: str = ""
    platform: Platform | None = None


async def bring(
    images: Images, events: EventBus, body: AsyncIterable[bytes], wanted: Import
) -> AsyncGenerator[Message, None]:
    """Import; yields Docker's messages, the image's ID last.

    Raises InvalidParameter (no tar, no URL, a change that is not allowed), NotFound, Unavailable.
    """
    config = instructions.apply(RunConfig(), wanted.changes)
    credits_ = Credits(comment=wanted.message or f"Imported from {wanted.source}")
    if wanted.source == "-":
        made = await import_(images, body, config, credits_=credits_, platform=wanted.platform)
    else:
        url = _url(wanted.source)
        async with _opened(url) as pieces:
            yield {"status": f"Downloading from {url}"}
            made = await import_(images, pieces, config, credits_=credits_, platform=wanted.platform)
    if wanted.name is not None:
        await images.name(wanted.name, made)
    events.publish("image", "import", made, {"name": str(wanted.name) if wanted.name else made})
    yield {"status": made}


def _url(text: str) -> URL:
    try:
        url = URL(text if "://" in text else f"http://{text}")
    except ValueError as error:
        raise InvalidParameter(f"invalid URL {text[:200]!r}: {error}") from error
    if url.scheme not in {"http", "https"} or not url.host:
        raise InvalidParameter(f"invalid URL {text[:200]!r}: only http and https can be imported from")
    return url


@asynccontextmanager
async def _opened(url: URL) -> AsyncIterator[AsyncIterable[bytes]]:
    """What the server sends. Errors of the connection become Unavailable, whenever they come."""
    try:
        async with new_session() as session, session.get(url, timeout=_TIMEOUT, proxy=proxy_for(url)) as response:
            if response.status != 200:
                raise NotFound(f"Got HTTP status code >= 400: {response.status} {response.reason}")
            yield response.content.iter_chunked(_PIECE)
    except (aiohttp.ClientError, TimeoutError) as error:
        raise Unavailable(f'Get "{url}": {reason(error)}') from error
