"""When saved builds are run by themselves: by the clock, when a base has changed, and when somebody calls."""

import hashlib
import uuid
from datetime import datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from django.db import models
from django.utils.translation import gettext_lazy as _

from dashboard.builds.models import Run, SavedBuild
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


class Sender(models.TextChoices):
    """Who calls, and so how they prove it."""

    GITHUB = "github", _("GitHub")
    GITLAB = "gitlab", _("GitLab")
    GITEA = "gitea", _("Gitea or Forgejo")
    REGISTRY = "registry", _("a registry")
    GENERIC = "generic", _("anybody else")


class Webhook(models.Model):
    """An address that a saved build is run by. Its ID is not to be guessed, and opens nothing without the secret."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    build = models.ForeignKey(SavedBuild, on_delete=models.CASCADE, related_name="webhooks")
    sender = models.CharField(max_length=16, choices=Sender.choices)
    # By `dashboard.sealing`.
    sealed_secret = models.TextField()
    created = models.DateTimeField(auto_now_add=True)
    last_used = models.DateTimeField(null=True)

    class Meta:
        ordering = ("created",)

    def __str__(self) -> str:
        return f"{self.sender} for {self.build}"

    @property
    def path(self) -> str:
        return f"/hooks/{self.id}/"


class Delivery(models.Model):
    """What a webhook has taken: the same again is answered as it was, and runs nothing. Kept for a time."""

    webhook = models.ForeignKey(Webhook, on_delete=models.CASCADE, related_name="deliveries")
    # The SHA-256 of what was signed.
    digest = models.CharField(max_length=64)
    run = models.ForeignKey(Run, on_delete=models.CASCADE, null=True, related_name="+")
    received = models.DateTimeField(db_index=True)

    class Meta:
        constraints = (models.UniqueConstraint(fields=["webhook", "digest"], name="schedules_delivery_once"),)

    def __str__(self) -> str:
        return f"{self.digest[:12]} to {self.webhook}"
