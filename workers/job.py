"""From a message to a finished job: claim it, work on it under a heartbeat, and settle how it ended."""

import asyncio
import logging
from collections.abc import AsyncIterator, Coroutine
from contextlib import aclosing, asynccontextmanager
from dataclasses import dataclass, field
from typing import Any, Final
from uuid import UUID

from asgiref.sync import async_to_sync, sync_to_async
from django.utils import timezone
from redis.exceptions import RedisError

from dashboard.background import spawn, stop
from dashboard.hosts.client import EngineFailure
from dashboard.jobs import broker, leases, live
from dashboard.jobs.leases import Claim
from dashboard.jobs.models import Job
from dashboard.jobs.output import stream
from dashboard.jobs.output.entries import Level
from dashboard.jobs.output.writer import Writer
from dashboard.jobs.states import State
from workers.heartbeat import Heartbeat, Interruption
from workers.patience import returns, was_cut_off
from workers.work import Failed, Unknowable, Work, attempt_of

log = logging.getLogger(__name__)

#: Seconds that undoing a job's work may take before that is given up, and said.
UNDOING: Final = 30.0


@dataclass(frozen=True)
class Outcome:
    """How an attempt ends: in a final state of the job, or in QUEUED, when another attempt shall follow."""

    state: State
    result: dict[str, Any] = field(default_factory=dict)
    error: str = ""


def run(job_id: str, work: Work) -> None:
    """Do what a message asks for; nothing when the job is somebody else's, or over. The body of every task."""
    claim = leases.claim(UUID(job_id))
    if claim is None:
        log.info("Job %s: delivered again, nothing to do", job_id)
        return
    async_to_sync(_run_claimed)(claim, work)


async def _run_claimed(claim: Claim, work: Work) -> None:
    job = await Job.objects.select_related("host", "project").aget(pk=claim.job)
    async with aclosing(stream.connect()) as redis:
        try:
            out = await Writer.resume(
                redis, claim.job, attempt=claim.attempt, is_first=claim.attempt == 1, redact=job.redactor
            )
        except RedisError as error:
            log.warning("Job %s goes back, as its output can't be read: %s", claim.job, error)
            await sync_to_async(leases.hand_back)(claim)
            return
        await Execution(job, claim, work, out).run()


class Execution:
    """One attempt at one job, from its claim to its end."""

    def __init__(self, job: Job, claim: Claim, work: Work, out: Writer) -> None:
        self._job = job
        self._claim = claim
        self._work = work
        self._out = out
        self._attempt = attempt_of(job, out, self._save)
        self._heartbeat = Heartbeat(claim, self._attempt, job.deadline)

    async def run(self) -> None:
        """Work, and settle how it went. Whatever happens to the claim meanwhile is noticed and obeyed."""
        async with _beside(self._heartbeat.beat(), name=f"heartbeat of job {self._job.pk}"):
            # The copying ends before the output is closed: nothing may come after its last word.
            async with _beside(self._out.pump(), name=f"output of job {self._job.pk}"):
                outcome = await self._come_to_an_end()
            if outcome is not None:
                await self._settle(outcome)

    async def _come_to_an_end(self) -> Outcome | None:
        """None when another attempt has taken over."""
        if self._claim.undo_only:
            self._out.line("The worker went away while it was cancelling; another one goes on", Level.NOTICE)
            return await self._undo(State.CANCELLED)
        await self._begin()
        async with asyncio.TaskGroup() as group:
            work = group.create_task(self._do(), name=f"work of job {self._job.pk}")
            watch = group.create_task(self._heartbeat.interrupted(), name=f"watch over job {self._job.pk}")
            await asyncio.wait({work, watch}, return_when=asyncio.FIRST_COMPLETED)
            work.cancel()
            watch.cancel()
        return await self._give_way() if work.cancelled() else work.result()

    async def _begin(self) -> None:
        if self._claim.attempt > 1:
            self._out.line(f"Attempt {self._claim.attempt}: the one before was cut off", Level.NOTICE)
        self._out.moved(State.RUNNING)
        await live.tell(self._job.pk, State.RUNNING)

    async def _do(self) -> Outcome:
        while True:
            try:
                return await self._do_once()
            except EngineFailure as failure:
                if not (was_cut_off(failure) and await returns(self._job.host)):
                    return await self._undo(State.FAILED, failure.message)
            self._out.line("The engine went away and is back: the work is taken up again", Level.NOTICE)

    async def _do_once(self) -> Outcome:
        """Raises EngineFailure, of which only the caller knows whether it is the end."""
        try:
            return Outcome(State.SUCCEEDED, await self._work.do(self._attempt))
        except EngineFailure:
            raise
        except Failed as failure:
            return await self._undo(State.FAILED, str(failure))
        except Unknowable as lost:
            self._out.line(str(lost), Level.ERROR)
            return Outcome(State.LOST, self._attempt.result, str(lost))
        except Exception as defect:
            # A defect of ours: the job must end in words all the same, not in a lease that runs out.
            log.exception("Job %s failed on a defect", self._job.pk)
            return await self._undo(State.FAILED, f"Portside failed: {type(defect).__name__}: {defect}")

    async def _give_way(self) -> Outcome | None:
        match self._heartbeat.interruption:
            case Interruption.CANCELLED:
                self._out.moved(State.CANCELLING)
                return await self._undo(State.CANCELLED)
            case Interruption.STOPPING:
                self._out.line("The worker is told to stop; the job goes back to the queue", Level.NOTICE)
                return Outcome(State.QUEUED)
            case Interruption.OVERDUE:
                return await self._undo(State.FAILED, f"Not done within its {self._job.time_limit} seconds")
            case _:
                log.warning("Job %s: another attempt has taken over", self._job.pk)
                return None

    async def _undo(self, state: State, error: str = "") -> Outcome:
        """Remove what the work made; the outcome is `state`, or a failure that says what may be left."""
        if error:
            self._out.line(error, Level.ERROR)
        if not self._work.leaves_traces or await sync_to_async(leases.state)(self._claim) is None:
            # Without the claim, what there is to remove is another attempt's by now.
            return Outcome(state, self._attempt.result, error)
        try:
            async with asyncio.timeout(UNDOING):
                await self._work.undo(self._attempt)
        except (EngineFailure, TimeoutError) as failure:
            reason = str(failure) or "the engine did not answer in time"
            left = f"What the job made could not be removed: {reason}"
            self._out.line(left, Level.ERROR)
            return Outcome(State.FAILED, self._attempt.result, f"{error}. {left}" if error else left)
        return Outcome(state, self._attempt.result, error)

    async def _settle(self, outcome: Outcome) -> None:
        if not await self._conclude(outcome) and await sync_to_async(leases.state)(self._claim) is State.CANCELLING:
            # The wish to cancel came between the last look and the end.
            await self._conclude(await self._undo(State.CANCELLED))

    async def _conclude(self, outcome: Outcome) -> bool:
        """Make `outcome` the job's; False when the claim is not good any more, or a cancellation stands against it."""
        if outcome.state is State.QUEUED:
            return await self._hand_back()
        error = self._job.redactor(outcome.error)
        even_if_cancelling = outcome.state is not State.SUCCEEDED or not self._work.leaves_traces
        if not await sync_to_async(leases.finish)(
            self._claim,
            outcome.state,
            result=outcome.result,
            error=error,
            parts=self._out.parts,
            even_if_cancelling=even_if_cancelling,
        ):
            return False
        await sync_to_async(broker.ring)(self._job.host_id)
        await self._lay_to_rest(outcome.state, error)
        await live.tell(self._job.pk, outcome.state)
        return True

    async def _hand_back(self) -> bool:
        if not await sync_to_async(leases.hand_back)(self._claim):
            return False
        self._out.moved(State.QUEUED)
        await self._out.flush()
        await sync_to_async(broker.send)(self._job)
        await live.tell(self._job.pk, State.QUEUED)
        return True

    async def _lay_to_rest(self, state: State, error: str) -> None:
        try:
            if not await self._out.close(state, error):
                return
        except OSError as failure:
            log.warning("The output of job %s could not be archived; the reaper tries again: %s", self._job.pk, failure)
            return
        await Job.objects.filter(pk=self._job.pk).aupdate(archived=timezone.now())

    async def _save(self, result: dict[str, Any]) -> None:
        await sync_to_async(leases.record)(self._claim, result)


@asynccontextmanager
async def _beside(coroutine: Coroutine[Any, Any, None], *, name: str) -> AsyncIterator[None]:
    """Run `coroutine` beside the block, and end it with the block."""
    task = spawn(coroutine, name=name)
    try:
        yield
    finally:
        await stop(task)
