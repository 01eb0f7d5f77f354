"""Archives: upload one to build from or to load; fetch what a job has saved."""

from http import HTTPStatus
from typing import Any, Final
from uuid import UUID, uuid4

from django.http import Http404, HttpRequest, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.utils.translation import gettext as _
from ninja import Schema, Status

from dashboard.access.permissions import Permission
from dashboard.api.problems import Refusal
from dashboard.api.room import Room
from dashboard.api.routes.jobs import job_of
from dashboard.jobs import files
from dashboard.jobs.params.kind import Kind
from dashboard.jobs.states import State

room = Room("archives")
_BINARY: Final = {"schema": {"type": "string", "format": "binary"}}
_UPLOAD: Final = {"requestBody": {"required": True, "content": {"application/octet-stream": _BINARY}}}
_DOWNLOAD: Final = {"responses": {200: {"content": {"application/x-tar": _BINARY}}}}


class Uploaded(Schema):
    """An archive, as builds and loads name it; `size` in bytes."""

    id: UUID
    size: int
    digest: str


@room.operation(
    "POST",
    "/archives",
    needs=Permission.BUILD,
    answers={201: Uploaded},
    refuses=[HTTPStatus.BAD_REQUEST, HTTPStatus.REQUEST_ENTITY_TOO_LARGE, HTTPStatus.INSUFFICIENT_STORAGE],
    extra=_UPLOAD,
)
def upload(request: HttpRequest) -> Status[dict[str, Any]]:
    """Upload a tar (plain, gzip, bzip2, xz) or a zip, as the request's body. It is kept for a week."""
    _refuse_too_large(int(request.headers.get("Content-Length") or 0))
    id_ = uuid4()
    with files.UPLOADS.writing(id_) as draft:
        while data := request.read(files.PIECE):
            draft.write(data)
        if not draft.size:
            raise Refusal(HTTPStatus.BAD_REQUEST, _("An empty body is no archive"))
    return Status(201, {"id": id_, "size": draft.size, "digest": draft.digest})


@room.operation(
    "GET",
    "/jobs/{uuid:job}/archive",
    needs=Permission.PUSH,
    answers={200: None},
    refuses=[HTTPStatus.NOT_FOUND],
    extra=_DOWNLOAD,
)
def saved(request: HttpRequest, job: UUID) -> HttpResponseBase:
    """Fetch what a job of kind `save` has saved: a tar file. It is kept for a week."""
    found = job_of(request, job)
    path = files.SAVED.path_of(found.pk)
    if found.kind != Kind.SAVE or found.status is not State.SUCCEEDED or not path.exists():
        raise Http404(_("This job keeps no archive (any more)"))
    response = StreamingHttpResponse(files.pieces(path), content_type="application/x-tar")
    response["Content-Length"] = str(path.stat().st_size)
    response["Content-Disposition"] = f'attachment; filename="{found.pk}.tar"'
    return response


def _refuse_too_large(size: int) -> None:
    if size > files.LARGEST:
        text = _("An archive has at most %(most)d bytes") % {"most": files.LARGEST}
        raise Refusal(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, text)
    if not files.has_room(size):
        raise Refusal(HTTPStatus.INSUFFICIENT_STORAGE, _("The console's disk has no room for this"))
