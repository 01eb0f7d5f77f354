"""What templates know of rights: enough to leave out what would be refused."""

from typing import Any

from django.http import HttpRequest

from dashboard.access.middleware import hosts_in, rights_in
from dashboard.access.permissions import Permission
from dashboard.hosts.models import LOCAL


def permitted(request: HttpRequest) -> dict[str, Any]:
    """`may`: what is permitted for some part of the address's host; `rules`: with everything there is.

    `reachable_hosts` are the names to switch between; `sees_host`: whether all of the host is shown; `own_projects`:
    those in which new things can be made.
    """
    rights = rights_in(request)
    match = request.resolver_match
    host = str(match.kwargs.get("host", LOCAL)) if match else LOCAL
    return {
        "may": rights.somewhere_on(host),
        "rules": rights.everywhere,
        "sees_host": rights.has(Permission.SEE, host),
        "reachable_hosts": hosts_in(request),
        "own_projects": sorted(rights.projects_with(Permission.RUN, host)),
    }
