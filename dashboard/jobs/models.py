"""A Job: a long piece of work on a host, as a row that outlives the page that asked and the worker that works."""

import uuid
from datetime import timedelta
from functools import cached_property
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.db import models
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from dashboard.access.models import Project
from dashboard.hosts.models import Host
from dashboard.jobs.limits import DEFAULT_TIME_LIMIT
from dashboard.jobs.origin import Origin, Priority
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

    `result` of a pull or push: `image` (ID), `reference`, `digest`. Of a run: `container` (ID), `name`, `image`. Of a
    build or commit: `image` (ID), `digest` where it was pushed, `failed_step` (an image) where it was not to be. Of
    an exec: `exit_code`. Of a save: `size` in bytes. Of a load: `images`. Of a prune: `removed` (how many of each)
    and `reclaimed` (bytes). Of a redeployment: `redeployed` (container IDs by names) and `left` (reasons by names).
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    kind = models.CharField(max_length=16, choices=Kind.choices)
    host = models.ForeignKey(Host, on_delete=models.CASCADE, related_name="jobs")
    requested_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="jobs"
    )
    # Whom what it makes belongs to.
    project = models.ForeignKey(Project, on_delete=models.SET_NULL, null=True, related_name="jobs")
    # By what way they asked, and its name: a token's, a schedule's.
    origin = models.CharField(max_length=16, choices=Origin.choices, default=Origin.USER)
    origin_name = models.CharField(max_length=150, blank=True)
    retry_of = models.ForeignKey("self", on_delete=models.SET_NULL, null=True, related_name="retries")
    params = models.JSONField()
    # Of two that wait, the smaller number goes first.
    priority = models.PositiveSmallIntegerField(choices=Priority.choices, default=Priority.USER)
    # Seconds that its work may take, over all attempts.
    time_limit = models.PositiveIntegerField(default=DEFAULT_TIME_LIMIT)

    state = models.CharField(
        max_length=16, choices=[(state.value, state.value) for state in State], default=State.QUEUED.value
    )
    progress = models.PositiveSmallIntegerField(_("progress in percent"), default=0)
    # How far its layers and steps are, as last heard: `output.parts.Parts.to_json()`.
    parts = models.JSONField(default=dict)
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
        indexes = (
            models.Index(fields=["state", "lease_expires"]),
            # What of a host runs, and who is next: asked at every claim.
            models.Index(fields=["host", "state", "kind", "priority", "created"], name="jobs_job_turn"),
            # A page of the list after a job: the time alone may be two jobs'.
            models.Index(fields=["-created", "-id"], name="jobs_job_page"),
        )

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

    @property
    def public_parameters(self) -> dict[str, Any]:
        """The parameters as JSON, without secrets."""
        shown: dict[str, Any] = self.redactor.all_of(self.parameters.public())
        return shown

    @cached_property
    def redactor(self) -> Redactor:
        """Makes texts of this job fit to be shown."""
        return Redactor(self.parameters.secrets)

    @property
    def deadline(self) -> "datetime | None":
        """When its work is given up; None while it waits."""
        return self.started + timedelta(seconds=self.time_limit) if self.started else None

    @property
    def queue(self) -> str:
        """The broker's queue that this job's host is served from."""
        return f"host.{self.host.name}"
