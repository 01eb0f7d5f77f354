import json

import pytest

from engine import errors
from engine.execdriver.driver import StartFailed
from engine.server.errors import error_response, message_of, respond, status_of


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (errors.InvalidParameter("x"), 400),
        (errors.Unauthorized("x"), 401),
        (errors.Forbidden("x"), 403),
        (errors.NotFound("x"), 404),
        (errors.Conflict("x"), 409),
        (errors.NotModified("x"), 304),
        (errors.NotSupported("x"), 501),
        (errors.Unavailable("x"), 503),
        (errors.EngineError("x"), 500),
        (RuntimeError("x"), 500),
        (ExceptionGroup("x", [errors.NotFound("y")]), 500),
    ],
)
def test_status(error: Exception, status: int):
    assert status_of(error) == status


def test_every_error_of_the_engine_has_a_status_of_its_own():
    kinds = [kind for kind in vars(errors).values() if isinstance(kind, type) and issubclass(kind, errors.EngineError)]
    statuses = [status_of(kind("x")) for kind in kinds]
    assert len(set(statuses)) == len(kinds)


def test_subclass_has_its_bases_status():
    class Missing(errors.NotFound):
        pass

    assert status_of(Missing("x")) == 404
    assert issubclass(StartFailed, errors.EngineError)


def test_group_tells_each_failure():
    group = ExceptionGroup("removing c1", [errors.EngineError("umount: busy"), OSError(28, "No space left")])
    assert message_of(group).startswith("removing c1: umount: busy; ")
    assert "No space left" in message_of(group)


def test_unexpected_error_shows_no_traceback():
    response = respond(ZeroDivisionError("division by zero"))
    assert response.status == 500
    message = json.loads(response.body or b"")["message"]  # type: ignore[arg-type]
    assert message == "the engine failed unexpectedly; its log says more: ZeroDivisionError: division by zero"


def test_docker_shape():
    response = error_response(404, "No such image: ü")
    assert response.content_type == "application/json"
    assert json.loads(response.body or b"") == {"message": "No such image: ü"}  # type: ignore[arg-type]
    assert error_response(304, "already").body is None
