"""From what is sent to a job that is queued: may they, on this host, with these objects?"""

from dataclasses import dataclass
from http import HTTPStatus
from typing import Any, Final

from asgiref.sync import async_to_sync
from django.http import HttpRequest
from django.utils.translation import gettext as _

from dashboard.access.objects import Kind as ObjectKind
from dashboard.access.permissions import Permission
from dashboard.api.access import host_for, object_for
from dashboard.api.principal import Principal, principal_of
from dashboard.api.problems import Refusal
from dashboard.api.schemas.orders import JobOrder
from dashboard.hosts.models import Host
from dashboard.jobs import actions
from dashboard.jobs.models import Job
from dashboard.jobs.params.base import Params
from dashboard.jobs.params.execute import ExecParams
from dashboard.jobs.params.images import CommitParams
from dashboard.jobs.params.kind import Kind
from dashboard.jobs.params.run import RunParams

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

    def enqueue(self, principal: Principal) -> Job:
        """The job, queued."""
        parameters = self.parameters.model_dump(mode="json")
        return actions.enqueue(
            self.kind, self.host, principal.user, parameters, by=principal.by, time_limit=self.time_limit
        )


def admitted(request: HttpRequest, order: JobOrder) -> Ordered:
    """Raises Refusal, Http404, PermissionDenied, EngineFailure."""
    host = admit(request, order.kind, order.host, order.parameters)
    return Ordered(order.kind, host, order.parameters, order.time_limit)


def admit(request: HttpRequest, kind: Kind, host: str, parameters: Params) -> Host:
    """The host, if whoever asks may have such a job done on it. Raises as `admitted`.

    A job about one container is for those, too, whose project the container is of; every other job concerns the host.
    """
    if kind.permission not in principal_of(request).scopes:
        raise Refusal(HTTPStatus.FORBIDDEN, _("This needs a token with the scope: %s") % kind.permission)
    if isinstance(parameters, ExecParams | CommitParams):
        where, _found = _object_for(request, kind.permission, host, ObjectKind.CONTAINER, parameters.container)
        return where
    where = _host_for(request, kind.permission, host)
    if isinstance(parameters, RunParams) and parameters.is_privileged:
        _host_for(request, Permission.PRIVILEGED_RUN, host)
    return where


_host_for = async_to_sync(host_for)
_object_for = async_to_sync(object_for)
