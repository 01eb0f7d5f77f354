"""Whether a user may: the one rule for pages, sockets, lists and bulk actions."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Self, TypeVar

from django.core.exceptions import PermissionDenied
from django.http import Http404
from django.utils.translation import gettext as _

from dashboard.access.need import Need
from dashboard.access.objects import Kind
from dashboard.access.ownership import full_id, objects_of
from dashboard.access.permissions import Permission
from dashboard.access.rights import Rights
from dashboard.hosts.models import Host

T = TypeVar("T")


@dataclass(frozen=True)
class Target:
    """What an address is about: an object of a host, a host, or (neither) the console itself."""

    host: str = ""
    kind: Kind | None = None
    reference: str = ""

    @classmethod
    def from_parts(cls, parts: Mapping[str, Any]) -> Self:
        """Read an address's parts, as Django's resolver gives them."""
        host = str(parts.get("host", ""))
        for kind in Kind:
            if kind in parts:
                return cls(host, kind, str(parts[kind]))
        return cls(host)


async def meet(need: Need | None, rights: Rights, parts: dict[str, Any]) -> None:
    """Return where `need` is met for an address with `parts`, in which the object then stands by its full ID.

    Raises PermissionDenied (also for a need that nobody declared), Http404 and EngineFailure.
    """
    if need is None:
        raise PermissionDenied
    permission = need.permission_for(parts)
    if permission is None:
        return
    target = Target.from_parts(parts)
    found = await require(rights, permission, target, for_parts=need.is_for_parts)
    if target.kind is not None:
        parts[target.kind.value] = found.removeprefix("sha256:")


async def require(rights: Rights, permission: Permission, target: Target, *, for_parts: bool = False) -> str:
    """The full ID of the object where `permission` holds by its project, and else `target.reference` as it is.

    Raises PermissionDenied; Http404 where the user may not even know that there is such a thing; EngineFailure.
    """
    if not target.host:
        if permission not in rights.everywhere:
            raise _denied(permission)
        return ""
    if rights.has(permission, target.host):
        return target.reference
    if not rights.has_somewhere(Permission.SEE, target.host):
        raise Http404(_("No such host: %(name)s") % {"name": target.host})
    if target.kind is not None:
        return await _owned(rights, permission, target, target.kind)
    if for_parts and rights.projects_with(permission, target.host):
        return ""
    raise _denied(permission)


async def visible(
    rights: Rights, host: Host, kind: Kind, things: Iterable[T], key: Callable[[T], str], *, need: Permission
) -> list[T]:
    """Those of `things` for which `need` holds; `key` gives a thing's ID (a volume's name). Raises EngineFailure."""
    if rights.has(need, host.name):
        return list(things)
    mine = await objects_of(host, kind, rights.projects_with(need, host.name))
    return [thing for thing in things if key(thing) in mine]


async def require_each(
    rights: Rights, permission: Permission, host: Host, kind: Kind, references: Iterable[str]
) -> list[str]:
    """`require` for each object of a bulk action, before any of it is done; answers what to do it to."""
    return [await require(rights, permission, Target(host.name, kind, one)) for one in references]


async def _owned(rights: Rights, permission: Permission, target: Target, kind: Kind) -> str:
    seen = rights.has(Permission.SEE, target.host)
    if seen and not rights.projects_with(permission, target.host):
        raise _denied(permission)
    host = await Host.objects.aget(name=target.host)
    found = await full_id(host, kind, target.reference)
    if found in await objects_of(host, kind, rights.projects_with(permission, host.name)):
        return found
    if seen or found in await objects_of(host, kind, rights.projects_with(Permission.SEE, host.name)):
        raise _denied(permission)
    raise Http404(_("No such %(kind)s: %(name)s") % {"kind": kind.value, "name": target.reference})


def _denied(permission: Permission) -> PermissionDenied:
    return PermissionDenied(_("This needs the right to %(permission)s here") % {"permission": permission.value})
