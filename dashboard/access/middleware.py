"""Default deny: no view is called before what it declares to need was found to hold."""

import logging
from collections.abc import Callable
from typing import Any, Final

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.utils.deprecation import MiddlewareMixin

from dashboard.access.decision import meet
from dashboard.access.need import need_of
from dashboard.access.permissions import Permission
from dashboard.access.rights import NONE, Rights, arights_of
from dashboard.hosts.client import EngineFailure
from dashboard.hosts.middleware import told
from dashboard.hosts.models import Host

log = logging.getLogger(__name__)

_ATTRIBUTE: Final = "portside_rights"
_HOSTS: Final = "portside_hosts"


class DeclaredAccess(MiddlewareMixin):
    """Refuses a view (403, or 404 for what the user may not know of) unless its need is met.

    It stands after LoginRequiredMiddleware, which has sent strangers away from all but the views that are open to them.
    An object is passed on by its full ID: the view then acts on the very object that was asked about, whoever gives its
    name to another meanwhile.
    """

    async def process_view(
        self, request: HttpRequest, view: Callable[..., Any], _args: Any, parts: dict[str, Any]
    ) -> HttpResponse | None:
        if not getattr(view, "login_required", True):
            return None
        need = need_of(view)
        if need is None:
            log.error("%s declares no permission: refused", getattr(view, "__qualname__", view))
            raise PermissionDenied
        rights = await arights_of(await request.auser())
        setattr(request, _ATTRIBUTE, rights)
        if not request.headers.get("HX-Request"):
            setattr(request, _HOSTS, await _hosts_of(rights))
        try:
            await meet(need, rights, parts)
        except EngineFailure as failure:
            return told(request, failure)
        return None


async def _hosts_of(rights: Rights) -> list[str]:
    """The names of the hosts that pages offer to go to."""
    names = [name async for name in Host.objects.values_list("name", flat=True)]
    return [name for name in names if rights.has_somewhere(Permission.SEE, name)]


def hosts_in(request: HttpRequest) -> list[str]:
    """The names of the hosts that the user of `request` sees all or a part of; known for whole pages alone."""
    found: list[str] = getattr(request, _HOSTS, [])
    return found


def rights_in(request: HttpRequest) -> Rights:
    """What the user of `request` may do, as the middleware found it; nothing before a view was found."""
    rights: Rights = getattr(request, _ATTRIBUTE, NONE)
    return rights
