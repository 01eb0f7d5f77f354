"""Saved builds and their runs."""

import uuid
from functools import cached_property
from typing import Final

from django.conf import settings
from django.db import models
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from dashboard.access.models import Project
from dashboard.builds.definition import Definition
from dashboard.hosts.models import Host
from dashboard.jobs.models import Job
from dashboard.jobs.params.build import GitSource

#: The rule for its name, which stands in addresses.
NAME: Final = r"^[a-zA-Z0-9][a-zA-Z0-9_.-]{0,62}$"


class SavedBuild(models.Model):
    """A build to be done over and over. What is done without anybody at a page is done by the rights of `owner`.

    The owner is whoever saved it last: nobody can have others' rights used for what they wrote themselves.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    name = models.CharField(_("name"), max_length=63)
    host = models.ForeignKey(Host, on_delete=models.CASCADE, related_name="builds")
    project = models.ForeignKey(Project, on_delete=models.SET_NULL, null=True, related_name="builds")
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="builds")
    definition = models.JSONField()
    # What its repository wants to see, by `dashboard.sealing`; empty for none.
    sealed_token = models.TextField(blank=True)
    # Runs so far.
    counter = models.PositiveIntegerField(default=0)
    created = models.DateTimeField(auto_now_add=True)
    changed = models.DateTimeField(auto_now=True)

    class Meta:
        ordering = ("name",)
        constraints = (models.UniqueConstraint(fields=["host", "name"], name="builds_name_once_a_host"),)

    def __str__(self) -> str:
        return self.name

    def get_absolute_url(self) -> str:
        return reverse("builds:show", args=[self.host.name, self.name])

    @cached_property
    def defined(self) -> Definition:
        return Definition.model_validate(self.definition)

    @property
    def repository(self) -> str:
        """The address of its repository; empty for one that has none."""
        source = self.defined.source
        return source.url if isinstance(source, GitSource) else ""


class Run(models.Model):
    """One run of a saved build: `cause` says why there is one, for people."""

    build = models.ForeignKey(SavedBuild, on_delete=models.CASCADE, related_name="runs")
    job = models.OneToOneField(Job, on_delete=models.CASCADE, related_name="run")
    number = models.PositiveIntegerField()
    cause = models.CharField(max_length=500, blank=True)
    # When all that follows from its end was seen to; None before.
    settled = models.DateTimeField(null=True)
    redeployment = models.ForeignKey(Job, on_delete=models.SET_NULL, null=True, related_name="+")

    class Meta:
        ordering = ("-number",)
        constraints = (models.UniqueConstraint(fields=["build", "number"], name="builds_run_number_once"),)
        indexes = (models.Index(fields=["settled"], name="builds_run_unsettled"),)

    def __str__(self) -> str:
        return f"{self.build} {self.number}"

    @property
    def seconds(self) -> float:
        """How long it has worked; 0 before it began, or where it has not ended."""
        job = self.job
        return (job.finished - job.started).total_seconds() if job.started and job.finished else 0.0
