"""Schedules, and watched base images, as the API shows them."""

from datetime import datetime

from ninja import Field, Schema
from pydantic import ConfigDict

from dashboard.schedules.models import MOST_JITTER, Missed


class ScheduleOrder(Schema):
    """When a saved build is run by itself."""

    model_config = ConfigDict(extra="forbid")

    cron: str = Field(max_length=255, examples=["30 4 * * mon-fri"])
    zone: str = Field("UTC", max_length=64, examples=["Europe/Berlin"])
    jitter: int = Field(0, ge=0, le=MOST_JITTER, description="Seconds over which runs of the same minute are spread")
    missed: Missed = Field(Missed.SKIP, description="What becomes of a run whose time came while nothing ran")


class ScheduleShown(Schema):
    """A schedule. `told` says what became of the last time."""

    id: int
    cron: str
    zone: str
    jitter: int
    missed: Missed
    is_paused: bool
    due: datetime
    told: str


class BaseShown(Schema):
    """An image that a build was made from, as its registry had it when it was last asked."""

    reference: str
    digest: str
    checked: datetime | None
    moved: datetime | None
    failures: int
    error: str


class Switch(Schema):
    """Whether it rests."""

    model_config = ConfigDict(extra="forbid")

    is_paused: bool
