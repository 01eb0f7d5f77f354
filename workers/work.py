"""What a kind of job is to the machinery that runs it."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, Generic, Protocol, TypeVar
from uuid import UUID

from dashboard.hosts.models import Host
from dashboard.jobs.models import Job
from dashboard.jobs.output.writer import Writer
from dashboard.jobs.params import Params

P = TypeVar("P", bound=Params)


@dataclass
class Attempt(Generic[P]):
    """One try at a job. `result` is what it, or a try before it, has made so far; `progress` is in percent."""

    job: UUID
    host: Host
    params: P
    out: Writer
    result: dict[str, Any]
    save: Callable[[dict[str, Any]], Awaitable[None]]
    #: The name of the project that owns what is made; empty for none.
    project: str = ""
    progress: int = 0

    async def keep(self, **made: Any) -> None:
        """Remember, durably, what has just been made: the next try finds it in `result`."""
        self.result |= made
        await self.save(self.result)


class Failed(Exception):
    """The work came to a bad end that is not the engine's; the text is for the user."""


class Unknowable(Exception):
    """An attempt before this one was cut off, and nobody can tell whether it did its work: the job is lost."""


class Work(Protocol):
    """A kind of job.

    `do()` may be cut off at any await, by a cancellation or by `kill -9`, and is then begun anew: it looks first for
    what was made before. It answers the job's result. `undo()` removes what any number of tries made, from the
    attempt's `result` as well, and may itself be done again. Where `leaves_traces` is false there is nothing to undo.
    """

    leaves_traces: bool

    async def do(self, attempt: Attempt[Any]) -> dict[str, Any]: ...

    async def undo(self, attempt: Attempt[Any]) -> None: ...


def attempt_of(job: Job, out: Writer, save: Callable[[dict[str, Any]], Awaitable[None]]) -> Attempt[Any]:
    project = job.project.slug if job.project is not None else ""
    return Attempt(job.pk, job.host, job.parameters, out, dict(job.result), save, project)
