"""Which project a new object is for."""

from typing import Any

from django.core.exceptions import PermissionDenied
from django.utils.translation import gettext as _

from dashboard.access.models import Project
from dashboard.access.objects import Kind
from dashboard.access.ownership import LABEL
from dashboard.access.permissions import Permission
from dashboard.access.policy import UNLIMITED, Policy
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


async def claimed(rights: Rights, host: Host, kind: Kind, body: dict[str, Any]) -> dict[str, Any]:
    """The engine's `create` body of a volume or network, with the label of the project that it is for.

    Raises PermissionDenied for a project that is not one's own, NotAllowed for what the policy forbids.
    """
    labels = body.get("Labels") or {}
    slug = project_for(rights, host, Permission.RUN, labels.get(LABEL, ""))
    project = await Project.objects.filter(slug=slug).afirst() if slug else None
    policy = policy_for(rights, host, project)
    if told := list(policy.of_volume(body) if kind is Kind.VOLUME else policy.of_network(body)):
        raise NotAllowed("; ".join(told))
    return {**body, "Labels": labelled(labels, slug) if slug else labels}


def policy_for(rights: Rights, host: Host, project: Project | None) -> Policy:
    """Who may do what is root on the host, may; others what their project says, or nothing of that kind."""
    if rights.has(Permission.PRIVILEGED_RUN, host.name):
        return UNLIMITED
    return Policy.from_json(project.policy) if project is not None else Policy()


class NotAllowed(Exception):
    """What was asked for is against the policy; the text says what of it."""
