"""Bringing one blob to a registry: mounted from where it has it, sent whole or in chunks, resumed after a cut."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from yarl import URL

from engine.errors import EngineError, Forbidden, InvalidParameter, NotFound, Unauthorized, Unavailable
from engine.image.manifest import Descriptor
from engine.registry.progress import LayerProgress
from engine.registry.retry import persist
from engine.registry.writer import RepositoryWriter, Span

#: A blob of no more bytes than this goes in one request; a larger one in chunks of it, each of which stays after a cut.
CHUNK: Final = 64 << 20
#: How many repositories are tried to mount a blob from (Docker's number for an unprivileged client is 4).
_MOUNTS: Final = 4


@dataclass(slots=True)
class Upload:
    """One blob's upload: `url` is where it goes on (None: it has not begun) and `done` what the registry has."""

    writer: RepositoryWriter
    blob: Descriptor
    file: Path
    chunk: int
    sent: Callable[[int], None]
    url: URL | None = None
    done: int = 0
    was_cut: bool = False

    async def go_on(self) -> None:
        """Send what is missing, from where the last call was cut. Raises Unavailable when it is cut again."""
        if self.was_cut and await self.writer.has(self.blob.digest):
            return  # only the answer was lost
        if self.url is not None and self.was_cut:
            await self._find_place(self.url)
        self.was_cut = True
        url = self.url or await self.writer.start()
        while self.blob.size - self.done > self.chunk:
            url = self.url = await self.writer.send(url, self._span(self.done + self.chunk))
            self.done += self.chunk
        self.url = url
        await self.writer.finish(url, self.blob.digest, self._span(self.blob.size))

    async def _find_place(self, url: URL) -> None:
        """Ask how far the upload is; one that the registry can't go on with is begun anew."""
        try:
            self.url, self.done = await self.writer.position(url)
        except (NotFound, InvalidParameter):
            self.url, self.done = None, 0
        if not 0 < self.done <= self.blob.size:
            self.url, self.done = None, 0

    def _span(self, end: int) -> Span:
        return Span(self.file, self.done, end, self.sent)


class Uploader:
    """Brings blobs to one repository."""

    def __init__(self, writer: RepositoryWriter, *, pause: float, chunk: int = CHUNK) -> None:
        self._writer = writer
        self._pause = pause
        self._chunk = chunk

    async def has(self, blob: Descriptor, progress: LayerProgress) -> bool:
        return await persist(lambda: self._writer.has(blob.digest), pause=self._pause, say=progress.say)

    async def bring(self, blob: Descriptor, file: Path, origins: Sequence[str], progress: LayerProgress) -> str | None:
        """Put the blob there; returns the repository that the registry took it from, None when it was sent."""
        upload = Upload(self._writer, blob, file, self._chunk, lambda sent: progress.bar("Pushing", sent, blob.size))
        for origin in origins[:_MOUNTS]:
            if await self._mounted(blob, origin, upload):
                return origin
        await persist(upload.go_on, pause=self._pause, say=progress.say)
        return None

    async def _mounted(self, blob: Descriptor, origin: str, upload: Upload) -> bool:
        """A registry that does not mount begins an upload instead, which the blob can then be sent by."""
        try:
            upload.url = await self._writer.mount(blob.digest, origin)
        except (NotFound, Unauthorized, Forbidden, InvalidParameter, Unavailable):
            return False  # it is no error not to be let into that repository: the blob is sent then
        return upload.url is None


def must_exist(file: Path, blob: Descriptor) -> Path:
    """The file, which an upload reads; raises EngineError when it is gone."""
    if not file.exists():
        raise EngineError(f"layer {blob.digest} is not in the store: remove the image and pull it again")
    return file
