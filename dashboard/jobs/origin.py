"""Who asks for jobs, and whose turn comes first."""

from dataclasses import dataclass
from typing import Final

from django.db import models
from django.utils.translation import gettext_lazy as _


class Origin(models.TextChoices):
    """The way by which a job was asked for."""

    USER = "user", _("a page")
    TOKEN = "token", _("an API token")
    SCHEDULE = "schedule", _("a schedule")
    WEBHOOK = "webhook", _("a webhook")

    @property
    def priority(self) -> "Priority":
        """Somebody who waits before a page goes first, and what was planned for the night last."""
        return _PRIORITIES[self]


class Priority(models.IntegerChoices):
    """The numbers are those of the broker's priorities: 0 is served first, 9 last."""

    USER = 0, _("first")
    TOKEN = 3, _("normal")
    WEBHOOK = 6, _("later")
    SCHEDULE = 9, _("last")


_PRIORITIES = {
    Origin.USER: Priority.USER,
    Origin.TOKEN: Priority.TOKEN,
    Origin.SCHEDULE: Priority.SCHEDULE,
    Origin.WEBHOOK: Priority.WEBHOOK,
}


@dataclass(frozen=True)
class By:
    """The way by which somebody asks; `name` is the token's, the schedule's, the webhook's."""

    origin: Origin = Origin.USER
    name: str = ""


#: A user's click.
A_PAGE: Final = By()
