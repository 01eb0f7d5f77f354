"""What templates know of rights: enough to leave out what would be refused."""

from typing import Any

from django.http import HttpRequest

from dashboard.access.middleware import rights_in
from dashboard.hosts.models import LOCAL


def permitted(request: HttpRequest) -> dict[str, Any]:
    """`may`: the names of what is permitted for some part of the address's host; `rules`: of the console itself."""
    rights = rights_in(request)
    match = request.resolver_match
    host = str(match.kwargs.get("host", LOCAL)) if match else LOCAL
    return {"may": rights.somewhere_on(host), "rules": rights.everywhere, "sees_host": "see" in rights.on_host(host)}
