"""The pulse of a running job: it renews the claim, and notices what speaks against going on."""

import asyncio
import logging
import threading
from datetime import datetime
from enum import Enum, auto
from typing import Any, Final

from asgiref.sync import sync_to_async
from django.db import DatabaseError
from django.utils import timezone

from dashboard.jobs import leases
from dashboard.jobs.leases import Claim
from dashboard.jobs.states import State
from workers.work import Attempt

log = logging.getLogger(__name__)

#: Seconds between two looks: a wish to cancel is noticed that soon.
PERIOD: Final = 0.5
#: Looks for each renewal.
RENEWAL: Final = 4

#: Set when this process is told to stop: running jobs go back to the queue.
stopping = threading.Event()


class Interruption(Enum):
    """Why a job must not go on."""

    CANCELLED = auto()
    SUPERSEDED = auto()
    STOPPING = auto()
    OVERDUE = auto()


class Heartbeat:
    """Beats until it is cancelled; `interruption` is the first that was noticed."""

    def __init__(self, claim: Claim, attempt: Attempt[Any], deadline: datetime | None) -> None:
        self._claim = claim
        self._deadline = deadline
        self._attempt = attempt
        self._beats = 0
        self._interrupted = asyncio.Event()
        self.interruption: Interruption | None = None

    async def beat(self) -> None:
        while True:
            try:
                await self._look()
            except DatabaseError as error:
                # A database that is busy or away for a moment; the claim lasts longer than that.
                log.warning("Job %s: no sign of life could be given: %s", self._claim.job, error)
            await asyncio.sleep(PERIOD)

    async def interrupted(self) -> None:
        await self._interrupted.wait()

    async def _look(self) -> None:
        state = await sync_to_async(leases.state)(self._claim)
        if state is None:
            self._interrupt(Interruption.SUPERSEDED)
            return
        if self._beats % RENEWAL == 0:
            await self._renew()
        self._beats += 1
        if state is State.CANCELLING:
            self._interrupt(Interruption.CANCELLED)
        elif stopping.is_set():
            self._interrupt(Interruption.STOPPING)
        elif self._deadline is not None and timezone.now() > self._deadline:
            self._interrupt(Interruption.OVERDUE)

    async def _renew(self) -> None:
        attempt = self._attempt
        await sync_to_async(leases.renew)(self._claim, progress=attempt.progress, parts=attempt.out.parts)

    def _interrupt(self, why: Interruption) -> None:
        if self.interruption is None:
            self.interruption = why
            self._interrupted.set()
