"""Hosts and their objects, for one who may."""

from django.http import HttpRequest

from dashboard.access.decision import Target, require
from dashboard.access.objects import Kind
from dashboard.access.permissions import Permission
from dashboard.api.principal import principal_of
from dashboard.audit.requests import note
from dashboard.hosts.lookup import get_host
from dashboard.hosts.models import Host


async def host_for(request: HttpRequest, permission: Permission, name: str, *, for_parts: bool = False) -> Host:
    """The host called `name`, on which whoever asks has `permission`. Raises Http404, PermissionDenied, EngineFailure.

    `for_parts`: also those who have it for a project's part of the host; the operation then takes no other objects.
    """
    note(request, on=name)
    await require(principal_of(request).rights, permission, Target(name), for_parts=for_parts)
    return await get_host(name)


async def object_for(
    request: HttpRequest, permission: Permission, host: str, kind: Kind, reference: str
) -> tuple[Host, str]:
    """The host, and what names the object on it: the very object that was asked about. Raises as `host_for`."""
    note(request, on=host)
    found = await require(principal_of(request).rights, permission, Target(host, kind, reference))
    return await get_host(host), found
