"""When saved builds are run by themselves: by the clock, and when what they are made from has changed."""

import hashlib
from datetime import datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from django.db import models
from django.utils.translation import gettext_lazy as _

from dashboard.builds.models import SavedBuild
from dashboard.schedules.cron import Cron

#: Seconds of jitter at most.
MOST_JITTER: Final = 3600


class Missed(models.TextChoices):
    """What becomes of a run whose time came while nothing of Portside ran."""

    SKIP = "skip", _("skip it")
    ONCE = "once", _("run once, however many were missed")


class Schedule(models.Model):
    """`planned` is the time by the clock, `due` the same with its jitter: when the round looks for it."""

    build = models.ForeignKey(SavedBuild, on_delete=models.CASCADE, related_name="schedules")
    cron = models.CharField(_("when"), max_length=255)
    zone = models.CharField(_("time zone"), max_length=64, default="UTC")
    # Seconds over which runs of the same minute are spread.
    jitter = models.PositiveIntegerField(_("jitter in seconds"), default=0)
    missed = models.CharField(_("missed runs"), max_length=8, choices=Missed.choices, default=Missed.SKIP)
    is_paused = models.BooleanField(default=False)
    planned = models.DateTimeField()
    due = models.DateTimeField(db_index=True)
    # What became of the last time that it was due, for people.
    told = models.CharField(max_length=500, blank=True)

    class Meta:
        ordering = ("due",)

    def __str__(self) -> str:
        return f"{self.cron} ({self.zone})"

    def plan(self, after: datetime) -> None:
        """Set the next time after `after`. Raises NotCron."""
        self.planned = Cron.parse(self.cron).after(after, ZoneInfo(self.zone))
        self.due = self.planned + timedelta(seconds=self._spread())

    def _spread(self) -> int:
        """The same for one time, however often it is asked; another one for each schedule."""
        seed = f"{self.build_id}.{self.cron}.{self.planned.isoformat()}".encode()
        return int.from_bytes(hashlib.sha256(seed).digest()[:8]) % (self.jitter + 1)


class Base(models.Model):
    """An image that a saved build was made from, as its registry had it when it was last asked.

    `digest` is empty before the first answer. `due` is when it is asked again.
    """

    build = models.ForeignKey(SavedBuild, on_delete=models.CASCADE, related_name="bases")
    reference = models.CharField(max_length=512)
    digest = models.CharField(max_length=255, blank=True)
    due = models.DateTimeField(db_index=True)
    checked = models.DateTimeField(null=True)
    moved = models.DateTimeField(null=True)
    # Answers in a row that were none.
    failures = models.PositiveIntegerField(default=0)
    error = models.TextField(blank=True)

    class Meta:
        ordering = ("reference",)
        constraints = (models.UniqueConstraint(fields=["build", "reference"], name="schedules_base_once"),)

    def __str__(self) -> str:
        return self.reference
