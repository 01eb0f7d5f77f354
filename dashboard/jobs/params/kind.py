"""The kinds of jobs."""

from typing import Final

from django.db import models
from django.utils.translation import gettext_lazy as _

from dashboard.access.permissions import Permission


class Kind(models.TextChoices):
    """The kinds of jobs; each has a model of parameters beside this and a module in `workers`."""

    PULL = "pull", _("Pull")
    PUSH = "push", _("Push")
    RUN = "run", _("Run")
    BUILD = "build", _("Build")
    EXEC = "exec", _("Execute")
    COMMIT = "commit", _("Commit")
    SAVE = "save", _("Save")
    LOAD = "load", _("Load")
    PRUNE = "prune", _("Prune")
    REDEPLOY = "redeploy", _("Redeploy")

    @property
    def task(self) -> str:
        """The Celery task that does this kind of job: the console knows the workers by these names alone."""
        return f"portside.{self.value}"

    @property
    def permission(self) -> Permission:
        """What one must be permitted to ask for such a job."""
        return _PERMISSIONS[self]


_PERMISSIONS: Final = {
    Kind.PULL: Permission.RUN,
    Kind.PUSH: Permission.PUSH,
    Kind.RUN: Permission.RUN,
    Kind.BUILD: Permission.BUILD,
    Kind.EXEC: Permission.EXEC,
    # What is in a container's files may be what its logs and terminal show to those alone who may exec.
    Kind.COMMIT: Permission.EXEC,
    Kind.SAVE: Permission.PUSH,
    Kind.LOAD: Permission.BUILD,
    Kind.PRUNE: Permission.DELETE,
    Kind.REDEPLOY: Permission.RUN,
}
