"""The one who writes a job's output: the attempt that works on it, or whoever ends a job that nobody works on."""

import asyncio
import contextlib
import time
from collections.abc import Callable
from typing import Any, Final, Self
from uuid import UUID

from redis.asyncio import Redis

from dashboard.jobs import files
from dashboard.jobs.output import archive, stream
from dashboard.jobs.output.bundle import Bundle, portions
from dashboard.jobs.output.entries import MAX_TEXT, Entry, Layer, Level, Line, Moved, Status, Step
from dashboard.jobs.output.parts import Parts
from dashboard.jobs.output.redact import Redactor
from dashboard.jobs.output.transcript import Transcript
from dashboard.jobs.states import State

#: Seconds between two copies. What a layer says in between is never sent: it has been replaced.
PERIOD: Final = 0.2
#: Seconds of silence after which Redis is looked at all the same: it may have been flushed.
LOOK: Final = 1.0
LOST: Final = "What this job wrote before is lost: Redis was restarted or flushed while no worker held it."


class Writer:
    """Takes entries without waiting, and copies them to Redis in the background (`pump()`)."""

    def __init__(self, job: UUID, transcript: Transcript, copy: stream.Copy, redact: Callable[[str], str]) -> None:
        self._job = job
        self._transcript = transcript
        self._copy = copy
        self._redact = redact
        self._parts = Parts()
        self._news = asyncio.Event()
        self._bundle = Bundle()
        # Who says what is in the bundle, and in which step.
        self._voice = Level.OUT, 0

    @classmethod
    async def resume(
        cls, redis: "Redis", job: UUID, *, attempt: int, is_first: bool, redact: Callable[[str], str] | None = None
    ) -> Self:
        """The writer of `attempt`, which goes on where the attempts before it ended (`is_first`: there is none).

        Raises RedisError when what they wrote can't be read now.
        """
        past = [] if is_first else await stream.load(redis, job)
        transcript = Transcript(attempt, past)
        writer = cls(job, transcript, stream.Copy(redis, job, transcript, known=transcript.last), redact or Redactor())
        if not is_first and not past:
            writer.line(LOST, Level.NOTICE)
        return writer

    def line(self, text: str, level: Level = Level.OUT) -> None:
        """Say `text`: a line, or several."""
        if self._bundle.is_full or (level, self._parts.step) != self._voice:
            self._settle()
            self._voice = level, self._parts.step
        self._bundle.add(text, time.time())
        self._news.set()

    def layer(self, layer: str, status: str, current: int = 0, total: int = 0) -> None:
        """Say how far `layer` is; sizes in bytes."""
        order = self._parts.order_of(layer)
        self._take(Layer(layer=layer, order=order, status=status, current=current, total=total))

    def step(self, number: int, total: int, title: str, status: Status) -> None:
        """Say how step `number` (from 1) of `total` is. What is said while it runs belongs to it."""
        text = self._redact(title)[:MAX_TEXT]
        self._take(Step(step=number, total=total, title=text, status=status, at=time.time()))

    @property
    def parts(self) -> dict[str, Any]:
        """How far the layers and steps are, as the job's row keeps it."""
        return self._parts.to_json()

    def moved(self, state: State, error: str = "") -> None:
        self._add(Moved(state=state, at=time.time(), error=self._redact(error)))

    async def pump(self) -> None:
        """Copy to Redis what is new, until it is cancelled: by `background.stop`, which asks until it has ended.

        What comes after a silence is sent at once, and what follows it in one go with all that comes meanwhile.
        """
        while True:
            self._news.clear()
            await self.flush()
            await asyncio.sleep(PERIOD)
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(LOOK):
                    await self._news.wait()

    def _take(self, part: Layer | Step) -> None:
        self._parts.take(part)
        self._add(part)

    def _add(self, entry: Entry) -> None:
        self._settle()
        self._transcript.add(entry)
        self._news.set()

    def _settle(self) -> None:
        """Make what was said so far into entries: secrets leave it here."""
        if self._bundle.is_empty:
            return
        level, step = self._voice
        for portion in portions(self._redact(self._bundle.take())):
            self._transcript.add(Line(text=portion, at=self._bundle.at, level=level, step=step))

    async def flush(self) -> None:
        self._settle()
        await self._copy.flush()

    async def close(self, state: State, error: str = "") -> bool:
        """Say that the job came to its final `state`, and lay the output to rest. Raises OSError.

        Answers whether it is archived. That comes first: a page that sees the end, or misses it, finds the whole there.
        A worker on another machine leaves it to the reaper of the console's own.
        """
        self._settle()
        if not self._transcript.is_over:
            self.moved(state, error)
        if not files.is_here():
            await self._copy.flush()
            return False
        await asyncio.to_thread(archive.write, self._job, list(self._transcript.everything()))
        await self._copy.flush(expire=stream.AFTERGLOW)
        return True


async def seal(job: UUID, *, attempts: int, state: State, error: str = "") -> None:
    """End the output of a job that no attempt holds any more, after `attempts` of them.

    Raises RedisError (its output can't be read now) and OSError (the archive can't be written): try again later.
    """
    if archive.path_of(job).exists():
        return
    redis = stream.connect()
    try:
        writer = await Writer.resume(redis, job, attempt=attempts + 1, is_first=attempts == 0)
        await writer.close(state, error)
    finally:
        await redis.aclose()
