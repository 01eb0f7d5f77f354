"""From a page's form to a job that is queued."""

from typing import Any, Protocol

from asgiref.sync import sync_to_async
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest

from dashboard.access.middleware import rights_in
from dashboard.accounts.current import current_user
from dashboard.hosts.models import Host
from dashboard.jobs import door
from dashboard.jobs.actions import enqueue
from dashboard.jobs.models import Job
from dashboard.jobs.params import Kind, validated


class Order(Protocol):
    """A valid form; `params()` are those of the job's kind."""

    def params(self) -> dict[str, Any]: ...

    def add_error(self, field: str | None, error: Any) -> None: ...


async def ordered(request: HttpRequest, kind: Kind, host: Host, order: Order) -> Job | None:
    """The job; None where a policy forbids it, which is then said in the form. Raises Http404 and EngineFailure."""
    project = request.POST.get("project", "")
    try:
        admitted = await door.admit(rights_in(request), kind, host.name, validated(kind, order.params()), project)
    except PermissionDenied as denied:
        order.add_error(None, str(denied))
        return None
    user = await current_user(request)
    return await sync_to_async(enqueue)(kind, host, user, order.params(), project=admitted.project)
