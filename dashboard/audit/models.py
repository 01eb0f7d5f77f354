"""The audit's rows."""

from typing import Any, Final, NoReturn

from django.db import models
from django.utils.translation import gettext_lazy as _

#: Characters that a column takes.
LENGTHS: Final = {"actor": 150, "address": 64, "way": 16, "action": 100, "host": 63, "target": 300}


class Outcome(models.TextChoices):
    """How it ended: done, not permitted, or permitted and not done (the engine refused, the input was wrong)."""

    ALLOWED = "allowed", _("Allowed")
    REFUSED = "refused", _("Refused")
    FAILED = "failed", _("Failed")


class EntryQuerySet(models.QuerySet["Entry"]):
    """Entries are added by `dashboard.audit.chain.append`, and removed from the old end by `forget` alone."""

    def update(self, **_changes: Any) -> NoReturn:
        raise TypeError("entries of the audit do not change")


class Entry(models.Model):
    """One act. `digest` covers everything in the row and the `digest` of the row before it.

    `actor` is a user's name, which outlives the user; `way` is how they came: `page`, `socket`, `api`, `command`.
    """

    number = models.PositiveBigIntegerField(primary_key=True)
    time = models.DateTimeField()
    actor = models.CharField(max_length=LENGTHS["actor"], blank=True)
    address = models.CharField(max_length=LENGTHS["address"], blank=True)
    way = models.CharField(max_length=LENGTHS["way"])
    action = models.CharField(max_length=LENGTHS["action"])
    host = models.CharField(max_length=LENGTHS["host"], blank=True)
    target = models.CharField(max_length=LENGTHS["target"], blank=True)
    outcome = models.CharField(max_length=16, choices=Outcome.choices)
    detail = models.JSONField(default=dict)
    digest = models.CharField(max_length=64)

    objects = EntryQuerySet.as_manager()

    class Meta:
        ordering = ("-number",)
        indexes = (models.Index(fields=["actor", "-number"]), models.Index(fields=["action", "-number"]))

    def __str__(self) -> str:
        return f"{self.number}: {self.actor} {self.action} {self.target} {self.outcome}"


class Head(models.Model):
    """Both ends of the chain, in the one row there is: writers take turns by updating it.

    `forgotten` entries were removed from the old end; `anchor` is the digest of the last of them.
    """

    length = models.PositiveBigIntegerField(default=0)
    digest = models.CharField(max_length=64, default="")
    forgotten = models.PositiveBigIntegerField(default=0)
    anchor = models.CharField(max_length=64, default="")
