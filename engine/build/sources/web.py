"""Files from web servers: redirects followed, sizes bounded, contents checked against a digest where one is given."""

import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from pathlib import Path, PurePosixPath
from typing import Final

import aiohttp
from yarl import URL

from engine.errors import InvalidParameter, NotFound, Unavailable
from engine.image.archive.spool import write
from engine.registry.connection import new_session
from engine.registry.proxy import proxy_for

#: Bytes of one file.
SIZE_LIMIT: Final = 32 << 30
_PIECE: Final = 256 << 10
_REDIRECTS: Final = 10
_MOVED: Final = frozenset({301, 302, 303, 307, 308})
_CHECKSUM: Final = re.compile(r"sha256:[0-9a-f]{64}")


@dataclass(frozen=True)
class Fetched:
    """A file at `path`. `name` is what the URL calls it ("" for nothing usable), `mtime` what the server says, in
    seconds, None where it does not."""

    path: Path
    name: str
    digest: str
    size: int
    mtime: int | None = None


async def fetch(url: URL, path: Path, *, checksum: str = "", limit: int = SIZE_LIMIT) -> Fetched:
    """Write what `url` has to the new file `path`.

    Raises InvalidParameter (a checksum that does not fit or is none, too many bytes), NotFound (the server says so),
    Unavailable (no answer, another status, redirects without end). Nothing stays of a file that failed.
    """
    if checksum and not _CHECKSUM.fullmatch(checksum):
        raise InvalidParameter(f"unsupported checksum {checksum[:200]!r}: sha256:<64 hexadecimal digits> is understood")
    try:
        async with _opened(url) as response:
            digest, size = await write(response.content.iter_chunked(_PIECE), path, limit=limit)
            if checksum and digest != checksum:
                raise InvalidParameter(f"digest mismatch for {_shown(url)}: expected {checksum}, got {digest}")
            return Fetched(path, _name(url), digest, size, _time(response))
    except BaseException:
        path.unlink(missing_ok=True)
        raise


@asynccontextmanager
async def _opened(url: URL) -> AsyncIterator[aiohttp.ClientResponse]:
    """The answer behind all redirects. Errors of the connection become Unavailable, whenever they come."""
    try:
        async with new_session() as session:
            response = await _followed(session, url)
            try:
                if response.status != 200:
                    raise _refusal(url, response)
                yield response
            finally:
                response.close()
    except (aiohttp.ClientError, TimeoutError) as error:
        raise Unavailable(f"failed to fetch {_shown(url)}: {str(error) or 'no answer in time'}") from error


async def _followed(session: aiohttp.ClientSession, url: URL) -> aiohttp.ClientResponse:
    target = url
    for _ in range(_REDIRECTS + 1):
        response = await session.get(target, allow_redirects=False, proxy=proxy_for(target))
        if response.status not in _MOVED:
            return response
        response.close()
        target = _target(target, response.headers.get("Location", ""))
    raise Unavailable(f"failed to fetch {_shown(url)}: stopped after {_REDIRECTS} redirects")


def _target(url: URL, location: str) -> URL:
    try:
        target = url.join(URL(location, encoded=True))
    except ValueError:
        target = URL()
    if not location or target.scheme not in {"http", "https"} or not target.host:
        raise Unavailable(f"{_shown(url)} redirects to what is no URL")
    if url.scheme == "https" and target.scheme == "http":
        raise Unavailable(f"{_shown(url)} redirects from TLS to plain HTTP")
    return target


def _refusal(url: URL, response: aiohttp.ClientResponse) -> NotFound | Unavailable:
    text = f"failed to fetch {_shown(url)}: the server answered {response.status} {response.reason}"
    return NotFound(text) if response.status in {404, 410} else Unavailable(text)


def _shown(url: URL) -> str:
    """For messages: without a password."""
    return str(url.with_user(None))[:400]


def _name(url: URL) -> str:
    """The last name of the URL's path as it was asked for: what a server calls its file is a stranger's word."""
    name = PurePosixPath(url.path).name
    return "" if name in {".", ".."} or "\0" in name or url.path.endswith("/") else name


def _time(response: aiohttp.ClientResponse) -> int | None:
    try:
        return max(0, int(parsedate_to_datetime(response.headers["Last-Modified"]).timestamp()))
    except (KeyError, ValueError, OverflowError):
        return None
