"""Reading what a stranger sends, up to a limit."""

import aiohttp

from engine.errors import InvalidParameter


async def read_limited(response: aiohttp.ClientResponse, limit: int) -> bytes:
    """The whole body; raises InvalidParameter as soon as it has more than `limit` bytes."""
    body = bytearray()
    async for piece in response.content.iter_any():
        body += piece
        if len(body) > limit:
            raise InvalidParameter(f"{response.url.host} sent more than {limit} bytes for {response.url.path[:200]}")
    return bytes(body)
