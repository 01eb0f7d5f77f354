"""Saved builds by the API."""

import pytest

from dashboard.access.permissions import Role
from dashboard.builds.models import SavedBuild
from dashboard.jobs.origin import Origin
from tests.dashboard.api.conftest import nothing_counted, script, script_of
from tests.dashboard.people import person

__all__ = ["nothing_counted", "script", "script_of"]
pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("console", "local")]
ORDER = {
    "name": "app",
    "definition": {
        "source": {"type": "inline", "files": {"Dockerfile": "FROM busybox\n"}},
        "tags": ["app:{counter}"],
        "build_args": {"A_TOKEN": "hunter2"},
    },
}


def test_a_build_is_saved_run_changed_and_forgotten(script) -> None:
    assert script.post("/builds", ORDER).status_code == 201
    assert script.post("/builds", ORDER).status_code == 409
    made = script.post("/builds/app/run")
    assert (made.status_code, made.json()["job"]["origin"]) == (202, Origin.TOKEN)
    shown = script.get("/builds/app")
    assert "hunter2" not in shown.content.decode()
    assert [run["job"] for run in shown.json()["history"]] == [made.json()["job"]["id"]]
    assert [build["name"] for build in script.get("/builds").json()["items"]] == ["app"]
    assert script.put("/builds/app", ORDER | {"name": "app2", "token": "x"}).json()["has_token"] is True
    assert script.delete("/builds/app2").status_code == 204
    assert script.get("/builds/app2").status_code == 404


def test_who_may_not_build_saves_nothing(script_of, local) -> None:
    viewer = script_of(person("viewer", Role.VIEWER, host=local))
    assert viewer.post("/builds", ORDER).status_code == 403
    assert not SavedBuild.objects.exists()
