"""From what is sent to a job that is queued: may they, on this host, with these objects?"""

from dataclasses import dataclass
from http import HTTPStatus
from typing import Any, Final

from asgiref.sync import async_to_sync
from django.http import HttpRequest
from django.utils.translation import gettext as _

from dashboard.access.models import Project
from dashboard.api.principal import Principal, principal_of
from dashboard.api.problems import Refusal
from dashboard.api.schemas.orders import JobOrder
from dashboard.hosts.models import Host
from dashboard.jobs import actions, door
from dashboard.jobs.door import Admission
from dashboard.jobs.models import Job
from dashboard.jobs.params.base import Params
from dashboard.jobs.params.kind import Kind

REFUSES: Final = (
    HTTPStatus.BAD_REQUEST,
    HTTPStatus.NOT_FOUND,
    HTTPStatus.CONFLICT,
    HTTPStatus.BAD_GATEWAY,
    HTTPStatus.SERVICE_UNAVAILABLE,
)
EXAMPLE: Final[dict[str, Any]] = {
    "kind": "pull",
    "host": "local",
    "parameters": {"reference": "registry.example:5000/team/app:1"},
}


@dataclass(frozen=True)
class Ordered:
    """An order that may be carried out."""

    kind: Kind
    host: Host
    parameters: Params
    time_limit: int
    project: Project | None

    def enqueue(self, principal: Principal) -> Job:
        """The job, queued."""
        parameters = self.parameters.model_dump(mode="json")
        return actions.enqueue(
            self.kind,
            self.host,
            principal.user,
            parameters,
            project=self.project,
            by=principal.by,
            time_limit=self.time_limit,
        )


def admitted(request: HttpRequest, order: JobOrder) -> Ordered:
    """Raises Refusal, Http404, PermissionDenied, EngineFailure."""
    found = admit(request, order.kind, order.host, order.parameters, order.project)
    return Ordered(order.kind, found.host, order.parameters, order.time_limit, found.project)


def admit(request: HttpRequest, kind: Kind, host: str, parameters: Params, project: str = "") -> Admission:
    """Where, and for which project, such a job may be done for whoever asks. Raises as `admitted`."""
    principal = principal_of(request)
    if kind.permission not in principal.scopes:
        raise Refusal(HTTPStatus.FORBIDDEN, _("This needs a token with the scope: %s") % kind.permission)
    return _admit(principal.rights, kind, host, parameters, project)


_admit = async_to_sync(door.admit)
