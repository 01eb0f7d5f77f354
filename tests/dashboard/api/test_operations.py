"""Every operation there is, asked by a stranger and by those who may not."""

import re
from collections.abc import Iterator
from typing import Any

import pytest
from django.test import Client

from dashboard.access.permissions import Permission
from dashboard.api.api import api
from dashboard.api.guard import Session, Token

pytestmark = pytest.mark.django_db
SAMPLES = {"job": "12345678-1234-5678-1234-567812345678", "prefix": "abcdefghij", "action": "start"}


def operations() -> Iterator[tuple[str, str, Any]]:
    for bound in api._get_bound_routers():
        for path, view in bound.path_operations.items():
            for operation in view.operations:
                for method in operation.methods:
                    yield method, path, operation


ALL = [pytest.param(*found, id=f"{found[0]} {found[1]}") for found in operations()]


def address(path: str) -> str:
    return "/api/v1" + re.sub(r"{(?:\w+:)?(\w+)}", lambda match: SAMPLES.get(match[1], "abc"), path)


def ask(method: str, path: str, **headers: str) -> Any:
    return Client().generic(method, address(path), b"{}", content_type="application/json", headers=headers)


@pytest.mark.parametrize(("method", "path", "operation"), ALL)
def test_it_declares_its_scopes_and_who_may_be_asked(method, path, operation) -> None:
    assert [type(guard) for guard in operation.auth_callbacks] == [Token, Session]
    declared = operation.openapi_extra["x-scopes"]
    assert set(declared) <= {permission.value for permission in Permission}
    assert declared or path.startswith(("/me", "/tokens"))
    assert operation.description


@pytest.mark.parametrize(("method", "path", "operation"), ALL)
def test_a_stranger_is_told_to_prove_who_they_are(method, path, operation) -> None:
    for headers in ({}, {"authorization": "Bearer portside_abcdefghij_" + "x" * 43}, {"authorization": "Basic eDp5"}):
        response = ask(method, path, **headers)
        assert response.status_code == 401
        assert response["Content-Type"] == "application/problem+json"
        assert response["WWW-Authenticate"] == "Bearer"
        assert response.json()["request_id"] == response["X-Request-ID"]


@pytest.mark.parametrize(("method", "path", "operation"), ALL)
def test_a_token_without_the_scope_is_refused(method, path, operation, script_of, owner) -> None:
    others = set(Permission) - set(operation.openapi_extra["x-scopes"])
    if others == set(Permission):
        pytest.skip("about whoever asks, and needs no scope")
    script = script_of(owner, *others)
    response = ask(method, path, authorization=f"Bearer {script.token}")
    assert (response.status_code, response["Content-Type"]) == (403, "application/problem+json")


def test_there_are_operations_to_walk() -> None:
    walked = {(method, path) for method, path, _operation in operations()}
    assert ("POST", "/containers/{container}/exec") in walked
    assert len(walked) > 25


def test_an_address_without_an_operation_is_a_problem() -> None:
    for method in ("GET", "POST"):
        response = Client(enforce_csrf_checks=True).generic(method, "/api/v1/nowhere")
        assert (response.status_code, response["Content-Type"]) == (404, "application/problem+json")
