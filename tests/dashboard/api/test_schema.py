"""The OpenAPI document, and what schemathesis finds when it asks by it: no failure of ours, no answer it lacks."""

from collections.abc import Iterator
from typing import Any

import pytest
import schemathesis
from django.core.signals import request_finished, request_started
from django.core.wsgi import get_wsgi_application
from django.db import close_old_connections
from django.test import Client
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from dashboard.api.api import api
from dashboard.hosts.models import Host
from tests.dashboard.standin import StandIn, inspected, listed, network, volume
from tests.support.jobs import Console

pytestmark = pytest.mark.django_db
CHECKS = [not_a_server_error, status_code_conformance, content_type_conformance, response_schema_conformance]
#: A stream that ends when the client goes.
ENDLESS = "/api/v1/events"


def document() -> dict[str, Any]:
    return api.get_openapi_schema(path_prefix="/api/v1/")


def test_the_document_is_open_and_of_version_3_1() -> None:
    document = Client().get("/api/v1/openapi.json").json()
    assert document["openapi"].startswith("3.1")
    assert document["components"]["schemas"]["Problem"]["properties"]["faults"]
    order = document["paths"]["/api/v1/jobs"]["post"]
    assert order["requestBody"]["content"]["application/json"]["example"]["kind"] == "pull"


def test_the_page_shows_every_operation(signed_in) -> None:
    page = signed_in.get("/api/docs").content.decode()
    for path in document()["paths"]:
        assert path in page


@pytest.fixture
def kept_connection() -> Iterator[None]:
    """A server closes the database between requests; here the test's transaction lives in it."""
    signals = (request_started, request_finished)
    for signal in signals:
        signal.disconnect(close_old_connections)
    yield
    for signal in signals:
        signal.connect(close_old_connections)


def _operations() -> list[Any]:
    schema = schemathesis.openapi.from_dict(document())
    found: Iterator[Any] = schema.get_all_operations()
    return [result.ok() for result in found]


@pytest.fixture
def furnished(standin: StandIn, local: Host, console: Console) -> None:
    """The host has one of each."""
    standin.containers = [listed("a" * 64, "web")]
    standin.details = {"web": inspected("a" * 64, "web"), "a" * 64: inspected("a" * 64, "web")}
    standin.networks = [network("b" * 64, "net")]
    standin.volumes = [volume("data")]


@pytest.mark.parametrize("operation", _operations(), ids=lambda operation: operation.label)
def test_every_answer_is_documented(operation, script, furnished, kept_connection) -> None:
    if operation.path == ENDLESS:
        pytest.skip("it never ends")
    operation.app = get_wsgi_application()

    @settings(
        max_examples=10,
        deadline=None,
        derandomize=True,
        database=None,
        phases=[Phase.explicit, Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    def ask(case: Any) -> None:
        case.query.pop("follow", None)  # it would go on for as long as a container runs
        case.call_and_validate(headers={"Authorization": f"Bearer {script.token}"}, checks=CHECKS)

    given(case=operation.as_strategy())(ask)()
