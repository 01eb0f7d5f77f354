"""Teams, projects, what they own, and the grants that give somebody a role somewhere."""

from typing import Any

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from dashboard.access.objects import Kind
from dashboard.access.permissions import Role
from dashboard.hosts.models import Host


class Team(models.Model):
    """People who get the same grants."""

    name = models.CharField(_("name"), max_length=150, unique=True)
    members = models.ManyToManyField(settings.AUTH_USER_MODEL, related_name="teams", blank=True)

    class Meta:
        ordering = ("name",)

    def __str__(self) -> str:
        return self.name


class Project(models.Model):
    """Containers, images, volumes and networks that belong together, on some hosts.

    An object belongs to it by an `Owned` row or by the label that `dashboard.access.ownership` names. `policy` is what
    its people may run, as `dashboard.access.policy.Policy` reads it; empty is the strictest.
    """

    slug = models.SlugField(_("name"), max_length=63, unique=True)
    hosts = models.ManyToManyField(Host, related_name="projects", blank=True)
    policy = models.JSONField(default=dict, blank=True)

    class Meta:
        ordering = ("slug",)

    def __str__(self) -> str:
        return self.slug


class Owned(models.Model):
    """That a project owns one object of a host; an image may have several owners."""

    project = models.ForeignKey(Project, on_delete=models.CASCADE, related_name="owned")
    host = models.ForeignKey(Host, on_delete=models.CASCADE, related_name="owned")
    kind = models.CharField(max_length=16, choices=[(kind.value, kind.value) for kind in Kind])
    #: The engine's full ID; a volume's name.
    object_id = models.CharField(max_length=255)

    class Meta:
        constraints = (models.UniqueConstraint(fields=["project", "host", "kind", "object_id"], name="owned_once"),)
        indexes = (models.Index(fields=["host", "kind", "object_id"]),)

    def __str__(self) -> str:
        return f"{self.kind} {self.object_id} of {self.project}"


class Grant(models.Model):
    """A role for a user or a team: on a host, in a project, or everywhere (neither)."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, null=True, related_name="grants")
    team = models.ForeignKey(Team, on_delete=models.CASCADE, null=True, related_name="grants")
    role = models.CharField(max_length=16, choices=[(role.value, role.value) for role in Role])
    host = models.ForeignKey(Host, on_delete=models.CASCADE, null=True, blank=True, related_name="grants")
    project = models.ForeignKey(Project, on_delete=models.CASCADE, null=True, blank=True, related_name="grants")

    class Meta:
        constraints = (
            models.CheckConstraint(
                condition=Q(user__isnull=True, team__isnull=False) | Q(user__isnull=False, team__isnull=True),
                name="granted_to_a_user_or_a_team",
            ),
            models.CheckConstraint(
                condition=Q(host__isnull=True) | Q(project__isnull=True), name="granted_on_a_host_or_in_a_project"
            ),
        )

    def __str__(self) -> str:
        return f"{self.role} for {self.user or self.team} {self.place}"

    @property
    def place(self) -> Any:
        return self.host or self.project or _("everywhere")
