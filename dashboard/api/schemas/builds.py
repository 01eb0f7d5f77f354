"""Saved builds, as the API shows them."""

from datetime import datetime
from typing import Any
from uuid import UUID

from ninja import Field, Schema
from pydantic import ConfigDict

from dashboard.api.schemas.containers import HostQuery
from dashboard.api.schemas.jobs import JobShown
from dashboard.api.schemas.page import PageQuery
from dashboard.builds.definition import Definition
from dashboard.builds.history import runs_of
from dashboard.builds.models import NAME, Run, SavedBuild
from dashboard.hosts.models import LOCAL
from dashboard.jobs.output.redact import Redactor, masked
from dashboard.jobs.states import State


class BuildOrder(Schema):
    """A build to be saved. `token` opens its repository; left out, the one that there is stays."""

    model_config = ConfigDict(extra="forbid")

    name: str = Field(pattern=NAME, examples=["app"])
    definition: Definition
    token: str | None = Field(None, max_length=4096)


class NewBuildOrder(BuildOrder):
    """A build to be saved on `host`."""

    host: str = Field(LOCAL, max_length=63)


class BuildListed(Schema):
    """A saved build. Arguments that are secrets by their names are masked."""

    name: str
    host: str
    owner: str | None
    definition: dict[str, Any]
    has_token: bool
    runs: int = Field(description="Runs so far")
    created: datetime
    changed: datetime

    @staticmethod
    def resolve_host(build: SavedBuild) -> str:
        return build.host.name

    @staticmethod
    def resolve_owner(build: SavedBuild) -> str | None:
        return build.owner.username if build.owner else None

    @staticmethod
    def resolve_definition(build: SavedBuild) -> dict[str, Any]:
        shown = build.defined.model_dump(mode="json") | {"build_args": masked(build.defined.build_args)}
        clean: dict[str, Any] = Redactor().all_of(shown)
        return clean

    @staticmethod
    def resolve_has_token(build: SavedBuild) -> bool:
        return bool(build.sealed_token)

    @staticmethod
    def resolve_runs(build: SavedBuild) -> int:
        return build.counter


class RunShown(Schema):
    """A run of a saved build; `seconds` that it worked, 0 before it has ended."""

    number: int
    cause: str
    job: UUID
    state: State
    seconds: float

    @staticmethod
    def resolve_job(run: Run) -> UUID:
        return run.job.pk

    @staticmethod
    def resolve_state(run: Run) -> str:
        return run.job.state


class BuildShown(BuildListed):
    """A saved build with its newest runs."""

    history: list[RunShown]

    @staticmethod
    def resolve_history(build: SavedBuild) -> list[Run]:
        return runs_of(build)


class BuildsQuery(PageQuery, HostQuery):
    """Which page of which host's saved builds."""


class RunMade(Schema):
    """A run that has been asked for."""

    number: int
    job: JobShown
