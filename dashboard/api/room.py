"""Where operations are declared: each with the scope that it needs, the answers that it gives and why it may refuse."""

from collections.abc import Callable, Iterable
from http import HTTPStatus
from typing import Any, Final, TypeVar

from ninja import Router

from dashboard.access.permissions import Permission
from dashboard.api.guard import Needs, guards
from dashboard.api.problems import MEDIA_TYPE, Problem

V = TypeVar("V", bound=Callable[..., Any])

#: Anybody may be refused with these, by the guard, or by a defect of ours.
_BY_THE_GUARD: Final = (HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN, HTTPStatus.TOO_MANY_REQUESTS)
#: A host's engine refuses with these, or does not answer.
BY_THE_ENGINE: Final = (
    HTTPStatus.BAD_REQUEST,
    HTTPStatus.NOT_FOUND,
    HTTPStatus.CONFLICT,
    HTTPStatus.NOT_IMPLEMENTED,
    HTTPStatus.BAD_GATEWAY,
    HTTPStatus.SERVICE_UNAVAILABLE,
)
#: An operation about whoever asks, and nobody else, needs no scope.
ANYBODY: Final[Needs] = frozenset()
_SCHEMA: Final = {"$ref": f"#/components/schemas/{Problem.__name__}"}


class Room:
    """The operations of one noun. `operation` is a decorator; without it nothing gets in, as it brings the guard.

    `answers` maps statuses to schemas; `refuses` are the statuses of its problems beside the guard's.
    """

    def __init__(self, name: str) -> None:
        self.router = Router(tags=[name])
        self._name = name

    def operation(
        self,
        method: str,
        path: str,
        *,
        needs: Permission | Needs,
        answers: dict[int, Any],
        refuses: Iterable[HTTPStatus] = (),
        extra: dict[str, Any] | None = None,
    ) -> Callable[[V], V]:
        """Declare the function below as `method path`, open to those with (one of) `needs`."""
        wanted = frozenset({needs}) if isinstance(needs, Permission) else needs
        problems = {*_BY_THE_GUARD, HTTPStatus.UNPROCESSABLE_ENTITY, *refuses}
        openapi: dict[str, Any] = {
            "responses": {int(status): _described(status) for status in sorted(problems)},
            "x-scopes": sorted(wanted),
        }
        if method == "GET":
            openapi["responses"][304] = {
                "description": "Not Modified: the ETag that came with If-None-Match is current"
            }

        def declare(view: V) -> V:
            self.router.add_api_operation(
                path,
                [method],
                view,
                auth=guards(wanted),
                response=answers,
                operation_id=f"{self._name}_{view.__name__}",
                summary=(view.__doc__ or "").strip().partition("\n")[0].rstrip("."),
                openapi_extra=_merged(openapi, extra or {}),
            )
            return view

        return declare


def _described(status: HTTPStatus) -> dict[str, Any]:
    return {"description": status.phrase, "content": {MEDIA_TYPE: {"schema": _SCHEMA}}}


def _merged(first: dict[str, Any], second: dict[str, Any]) -> dict[str, Any]:
    merged = dict(first)
    for key, value in second.items():
        merged[key] = _merged(merged[key], value) if isinstance(value, dict) and key in merged else value
    return merged
