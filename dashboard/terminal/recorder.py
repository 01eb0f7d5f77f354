"""Records a terminal's output as it passes on its way to a browser."""

import asyncio
import time
from contextlib import suppress
from typing import Final

import structlog
from django.utils.translation import gettext as _

from dashboard.background import spawn
from dashboard.terminal.asciicast import Cast
from dashboard.terminal.lasting import Start
from dashboard.terminal.protocol import Close
from dashboard.terminal.recordings import RecordingFile
from dashboard.terminal.sequence import Event, Written
from dashboard.terminal.session import Terminal

log = structlog.get_logger(__name__)

#: How long lines are gathered before they are written.
FLUSH_SECONDS: Final = 0.25


class Recorder:
    """Gathers lines, and writes them in a thread; what is beyond `limit` bytes of file is left out."""

    def __init__(self, file: RecordingFile, limit: int) -> None:
        self.offset = file.note.offset
        self._cast = Cast(file.note.begin)
        self._file = file
        self._limit = limit
        self._lines: list[str] = []
        self._is_full = file.note.size >= limit
        self._closing = asyncio.Event()
        self._flusher = spawn(self._flush_always(), name="terminal recorder")

    def feed(self, written: Written) -> None:
        """Output, of which some may have been recorded already."""
        if written.offset > self.offset:
            lost = written.offset - self.offset
            self._add(self._cast.mark(time.time(), _("%d bytes were not recorded: nobody was there") % lost))
            self.offset = written.offset
        if new := written.data[self.offset - written.offset :]:
            self.offset += len(new)
            self._add(self._cast.output(time.time(), new))

    def resized(self, rows: int, columns: int) -> None:
        self._add(self._cast.size(time.time(), rows, columns))

    async def close(self) -> None:
        self._closing.set()
        await self._flusher
        await asyncio.to_thread(self._file.close)

    def _add(self, line: str) -> None:
        if not self._is_full:
            self._lines.append(line)

    async def _flush_always(self) -> None:
        while not self._closing.is_set():
            with suppress(TimeoutError):
                async with asyncio.timeout(FLUSH_SECONDS):
                    await self._closing.wait()
            await self._flush()

    async def _flush(self) -> None:
        lines, self._lines = "".join(self._lines), []
        if not lines:
            return
        # What is not a whole character yet is read, and recorded, again by whoever goes on after us.
        offset = self.offset - self._cast.pending
        try:
            await asyncio.to_thread(self._file.append, lines, offset)
        except OSError as error:
            log.exception("terminal not recorded any more", error=str(error))
            self._is_full = True
        if self._file.note.size >= self._limit:
            self._is_full = True


class Recorded:
    """A shell whose output is recorded; the browser gets it from `shown` on."""

    def __init__(self, shell: Terminal, recorder: Recorder, shown: int) -> None:
        self.start = Start(shown, shell.start.end, shell.start.input)
        self._shell = shell
        self._recorder = recorder
        self._shown = shown

    async def read(self) -> Event | None:
        while (event := await self._shell.read()) is not None:
            if not isinstance(event, Written):
                return event
            self._recorder.feed(event)
            if event.offset >= self._shown:
                return event
            if rest := event.data[self._shown - event.offset :]:
                return Written(self._shown, rest)
        return None

    async def write(self, data: bytes) -> None:
        await self._shell.write(data)

    async def resize(self, rows: int, columns: int) -> None:
        self._recorder.resized(rows, columns)
        await self._shell.resize(rows, columns)

    async def end(self) -> Close:
        return await self._shell.end()
