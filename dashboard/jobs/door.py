"""The door of all jobs: may these people have this done, here, with these objects?

Whatever page, program or file a job comes from, it passes here before it becomes a row.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from django.core.exceptions import PermissionDenied
from django.http import Http404
from django.utils.translation import gettext as _

from dashboard.access.decision import Target, require
from dashboard.access.models import Owned, Project
from dashboard.access.objects import Kind as ObjectKind
from dashboard.access.ownership import full_id, objects_of
from dashboard.access.permissions import Permission
from dashboard.access.projects import policy_for, project_for
from dashboard.access.rights import Rights
from dashboard.hosts.client import EngineFailure
from dashboard.hosts.lookup import get_host
from dashboard.hosts.models import Host
from dashboard.jobs.creation import body
from dashboard.jobs.params import Kind, Params, RunParams
from dashboard.jobs.params.execute import ExecParams
from dashboard.jobs.params.images import CommitParams, PullParams
from dashboard.jobs.params.redeploy import RedeployParams

#: What a project's people may have done: what touches their own objects alone.
FOR_PROJECTS: Final = frozenset({Kind.PULL, Kind.RUN})
#: Networks that come with an engine and that everybody may use.
_EVERYBODYS: Final = frozenset({"bridge", "default", "none"})


@dataclass(frozen=True)
class Admission:
    """A job that may be done on `host`; what it makes belongs to `project`, if that is one."""

    host: Host
    project: Project | None


async def admit(rights: Rights, kind: Kind, host: str, params: Params, project: str = "") -> Admission:
    """Let a job in. `project` is the one that was asked for.

    Raises PermissionDenied, which says what is not allowed; Http404 for what one may not know of; EngineFailure.
    """
    if isinstance(params, ExecParams | CommitParams):
        found = await require(rights, kind.permission, Target(host, ObjectKind.CONTAINER, params.container))
        where = await get_host(host)
        return Admission(where, await _owner(rights, kind.permission, where, found))
    await require(rights, kind.permission, Target(host), for_parts=kind in FOR_PROJECTS)
    where = await get_host(host)
    slug = project_for(rights, where, kind.permission, project)
    owner = await Project.objects.filter(slug=slug).afirst() if slug else None
    if slug and owner is None:
        raise Http404(_("No such project: %(name)s") % {"name": slug})
    await _obey(rights, where, params, owner)
    return Admission(where, owner)


async def _obey(rights: Rights, host: Host, params: Params, project: Project | None) -> None:
    policy = policy_for(rights, host, project)
    problems: Iterable[str] = ()
    if isinstance(params, PullParams):
        problems = policy.of_image(params.reference)
    elif isinstance(params, RunParams):
        problems = policy.of_container(body(params))
    elif isinstance(params, RedeployParams) and params.privileged:
        await require(rights, Permission.PRIVILEGED_RUN, Target(host.name))
    if told := list(problems):
        raise PermissionDenied("; ".join(told))
    if isinstance(params, RunParams) and not rights.has(Permission.RUN, host.name) and project is not None:
        await _own(host, params, project)


async def _own(host: Host, params: RunParams, project: Project) -> None:
    """A project's container uses the project's networks, volumes and images, or those that are nobody's."""
    if params.network not in _EVERYBODYS:
        await _require_owned(host, ObjectKind.NETWORK, params.network, project)
    for mount in params.mounts:
        if not mount.source.startswith("/"):
            await _require_owned(host, ObjectKind.VOLUME, mount.source, project, may_be_new=True)
    await _require_free_image(host, params.image, project)


async def _require_owned(
    host: Host, kind: ObjectKind, reference: str, project: Project, *, may_be_new: bool = False
) -> None:
    try:
        found = await full_id(host, kind, reference)
    except EngineFailure as failure:
        if may_be_new and failure.status == 404:
            return
        raise
    if found not in await objects_of(host, kind, [project.slug]):
        told = {"kind": kind.value, "name": reference, "project": project.slug}
        raise PermissionDenied(_("the %(kind)s %(name)s is not %(project)s's") % told)


async def _require_free_image(host: Host, reference: str, project: Project) -> None:
    try:
        found = await full_id(host, ObjectKind.IMAGE, reference)
    except EngineFailure as failure:
        if failure.status == 404:
            return  # it will be pulled
        raise
    owners = Owned.objects.filter(host=host, kind=ObjectKind.IMAGE, object_id=found)
    if await owners.aexists() and not await owners.filter(project=project).aexists():
        raise PermissionDenied(_("the image %(name)s is another project's") % {"name": reference})


async def _owner(rights: Rights, permission: Permission, host: Host, container: str) -> Project | None:
    """The project by which somebody reaches a container; None for who reaches everything on the host."""
    if rights.has(permission, host.name):
        return None
    for slug in sorted(rights.projects_with(permission, host.name)):
        if container in await objects_of(host, ObjectKind.CONTAINER, [slug]):
            return await Project.objects.filter(slug=slug).afirst()
    return None
