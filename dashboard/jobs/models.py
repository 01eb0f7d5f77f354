"""A Job: a long piece of work on a host, as a row that outlives the page that asked and the worker that works."""

import uuid
from functools import cached_property
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.db import models
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from dashboard.hosts.models import Host
from dashboard.jobs.output.redact import Redactor
from dashboard.jobs.params import Kind, Params, validated
from dashboard.jobs.states import State, sources

if TYPE_CHECKING:
    from datetime import datetime


class JobQuerySet(models.QuerySet["Job"]):
    """Jobs, and the only way to change the state of one."""

    def move(self, target: State, **changes: Any) -> int:
        """Move those of these jobs that may go to `target` there, with `changes`; answers how many went.

        One conditional UPDATE: of two processes that move the same job, the database lets one do it.
        """
        return self.filter(state__in=sources(target)).update(state=target, **changes)

    def with_expired_lease(self, now: "datetime") -> "JobQuerySet":
        return self.filter(lease_expires__lt=now)


class Job(models.Model):
    """`params` are those of `kind`; `result` names what the job made, in the engine's terms.

    `result` of a pull: `image` (ID), `reference`, `digest`. Of a run: `container` (ID), `name`, `image`.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    kind = models.CharField(max_length=16, choices=Kind.choices)
    host = models.ForeignKey(Host, on_delete=models.CASCADE, related_name="jobs")
    requested_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="jobs"
    )
    retry_of = models.ForeignKey("self", on_delete=models.SET_NULL, null=True, related_name="retries")
    params = models.JSONField()

    state = models.CharField(
        max_length=16, choices=[(state.value, state.value) for state in State], default=State.QUEUED.value
    )
    progress = models.PositiveSmallIntegerField(_("progress in percent"), default=0)
    result = models.JSONField(default=dict)
    error = models.TextField(blank=True)

    # Claims so far. Each gets its own number, which begins the IDs of its output.
    attempts = models.PositiveSmallIntegerField(default=0)
    # The claim that works on it, and until when it is believed to live without another sign.
    lease = models.UUIDField(null=True)
    lease_expires = models.DateTimeField(null=True)

    created = models.DateTimeField(auto_now_add=True)
    # When its message was last given to the broker: what is not taken in time may be lost, and is sent again.
    sent = models.DateTimeField(null=True)
    started = models.DateTimeField(null=True)
    finished = models.DateTimeField(null=True)
    cancel_requested = models.DateTimeField(null=True)
    cancelled_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+")
    # When its output came to rest in a file.
    archived = models.DateTimeField(null=True)

    objects = JobQuerySet.as_manager()

    class Meta:
        ordering = ("-created",)
        indexes = (models.Index(fields=["state", "lease_expires"]), models.Index(fields=["-created"]))

    def __str__(self) -> str:
        return f"{self.kind} {self.id}"

    def get_absolute_url(self) -> str:
        return reverse("jobs:detail", args=[self.id])

    @property
    def status(self) -> State:
        return State(self.state)

    @cached_property
    def parameters(self) -> Params:
        return validated(Kind(self.kind), self.params)

    @property
    def is_active(self) -> bool:
        return not self.status.is_final

    @property
    def may_be_cancelled(self) -> bool:
        return self.is_active and self.status is not State.CANCELLING

    @property
    def may_be_retried(self) -> bool:
        """A new job for the same work makes sense where this one ended without success."""
        return self.status.is_final and self.status is not State.SUCCEEDED

    @property
    def shown_parameters(self) -> list[tuple[str, str]]:
        """The parameters as people read them, without secrets."""
        return [(name, self.redactor(text)) for name, text in self.parameters.shown()]

    @cached_property
    def redactor(self) -> Redactor:
        """Makes texts of this job fit to be shown."""
        return Redactor(self.parameters.secrets)

    @property
    def queue(self) -> str:
        """The broker's queue that this job's host is served from."""
        return f"host.{self.host.name}"
