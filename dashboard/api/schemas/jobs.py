"""Jobs, as the API shows them."""

from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from ninja import Field, Schema

from dashboard.api.schemas.page import PageQuery
from dashboard.jobs.models import Job
from dashboard.jobs.origin import Origin
from dashboard.jobs.params.kind import Kind
from dashboard.jobs.states import State


class JobListed(Schema):
    """A job in a list."""

    id: UUID
    kind: Kind
    host: str = Field(examples=["local"])
    state: State
    subject: str = Field(description="What it is about, for people", examples=["127.0.0.1:5000/app:1"])
    percent: int = Field(description="How far it is", ge=0, le=100)
    requested_by: str | None = Field(description="The user")
    origin: Origin = Field(description="By which way they asked")
    origin_name: str = Field(description="The token's, schedule's or webhook's name")
    attempts: int
    created: datetime
    started: datetime | None
    finished: datetime | None

    @staticmethod
    def resolve_host(job: Job) -> str:
        return job.host.name

    @staticmethod
    def resolve_subject(job: Job) -> str:
        return job.redactor(job.parameters.subject)

    @staticmethod
    def resolve_percent(job: Job) -> int:
        return job.progress

    @staticmethod
    def resolve_requested_by(job: Job) -> str | None:
        return job.requested_by.username if job.requested_by else None


class LayerShown(Schema):
    """How far one layer is; sizes in bytes, 0 where unknown."""

    layer: str
    order: int
    status: str
    current: int
    total: int


class StepShown(Schema):
    """How one step of a build is."""

    step: int
    total: int
    title: str
    status: Literal["running", "done", "cached", "failed"]
    at: float


class Progress(Schema):
    """How far a job is, as last heard."""

    percent: int
    layers: list[LayerShown] = Field(default_factory=list)
    steps: list[StepShown] = Field(default_factory=list)


class JobShown(JobListed):
    """A job. Secrets in its parameters are masked."""

    parameters: dict[str, Any]
    progress: Progress
    result: dict[str, Any] = Field(description="What it made: image, digest, container, exit code")
    error: str
    time_limit: int = Field(description="Seconds that it may take")
    deadline: datetime | None = Field(description="When it is given up")
    cancel_requested: datetime | None
    retry_of: UUID | None = Field(description="The job whose work this does again")

    @staticmethod
    def resolve_parameters(job: Job) -> dict[str, Any]:
        return job.public_parameters

    @staticmethod
    def resolve_progress(job: Job) -> dict[str, Any]:
        return {"percent": job.progress, **job.parts}

    @staticmethod
    def resolve_retry_of(job: Job) -> UUID | None:
        return job.retry_of_id


class JobsQuery(PageQuery):
    """Which jobs."""

    state: list[State] = Field(default_factory=list)
    kind: list[Kind] = Field(default_factory=list)
    host: str | None = Field(None, max_length=63)
    origin: Origin | None = None


class LogQuery(Schema):
    """From which byte of the log on."""

    offset: int = Field(0, ge=0, le=2**53, description="In bytes of UTF-8")
