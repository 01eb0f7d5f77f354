"""Which project a new object is for."""

from typing import Any

from django.core.exceptions import PermissionDenied
from django.utils.translation import gettext as _

from dashboard.access.ownership import LABEL
from dashboard.access.permissions import Permission
from dashboard.access.rights import Rights
from dashboard.hosts.models import Host


def project_for(rights: Rights, host: Host, permission: Permission, asked: str) -> str:
    """The project that a new object of a user with `rights` belongs to; empty for none.

    Who has `permission` on the whole host may choose freely. Others name one of the projects for which they have it;
    the only one need not be named. Raises PermissionDenied.
    """
    if rights.has(permission, host.name):
        return asked
    choices = rights.projects_with(permission, host.name)
    if not asked and len(choices) == 1:
        return next(iter(choices))
    if asked not in choices:
        names = ", ".join(sorted(choices)) or _("there is none")
        raise PermissionDenied(_("Say for which of your projects: %(names)s") % {"names": names})
    return asked


def labelled(labels: dict[str, str], project: str) -> dict[str, str]:
    """`labels` that name `project` as the owner, and no other; an empty one overrides an image's label."""
    return {**labels, LABEL: project}


def claimed(rights: Rights, host: Host, body: dict[str, Any]) -> dict[str, Any]:
    """The engine's `create` body with the label of the project that it is for: the one its labels ask for, if any."""
    labels = body.get("Labels") or {}
    project = project_for(rights, host, Permission.RUN, labels.get(LABEL, ""))
    return {**body, "Labels": labelled(labels, project) if project else labels}
