"""Before the first step: the context is taken in, and the Dockerfile in it read."""

from collections.abc import AsyncIterable, AsyncIterator
from pathlib import Path
from typing import Final

from engine.build.dockerfile.instructions import Dockerfile
from engine.build.dockerfile.parse import parse
from engine.build.filework import FileWork
from engine.build.ignore import ignore_files, read_patterns
from engine.build.request import BuildRequest
from engine.build.sources.context import remote_context
from engine.errors import InvalidParameter
from engine.image.threads import finish_in_thread

_PIECE: Final = 256 << 10


async def prepare(request: BuildRequest, body: AsyncIterable[bytes], files: FileWork, scratch: Path) -> Dockerfile:
    """Take in the context, from `body` or from where the request says, without what its `.dockerignore` leaves out.

    `scratch` is an empty folder. Raises InvalidParameter for a context or a Dockerfile that can't be read.
    """
    if request.remote:
        elsewhere = scratch / "remote"
        elsewhere.mkdir(mode=0o700)
        body = _file(await remote_context(request.remote, elsewhere))
    await files.receive(body, scratch / "context")
    text = await files.read(request.dockerfile)
    if text is None:
        raise InvalidParameter(f"Cannot locate specified Dockerfile: {request.dockerfile}")
    for name in ignore_files(request.dockerfile):
        if (patterns := await files.read(name)) is not None:
            await files.ignore(read_patterns(patterns))
            break
    # Seconds for the worst that a stranger can write, and nothing that the engine's other clients should wait for.
    return await finish_in_thread(parse, text)


async def _file(path: Path) -> AsyncIterator[bytes]:
    with path.open("rb") as file:
        while piece := file.read(_PIECE):
            yield piece
