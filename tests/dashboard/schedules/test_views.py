"""Pages and operations of schedules."""

import pytest

from dashboard.schedules.models import Base, Missed, Schedule
from tests.dashboard.api.conftest import nothing_counted, script, script_of

__all__ = ["nothing_counted", "script", "script_of"]
pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("console", "build")]
APP = "/hosts/local/builds/of/app/"
SENT = {"cron": "30 4 * * mon-fri", "zone": "Europe/Berlin", "jitter": "60", "missed": "once"}


def test_a_schedule_is_made_paused_and_forgotten(signed_in) -> None:
    assert signed_in.post(APP + "schedules/create/", SENT)["Location"] == APP
    schedule = Schedule.objects.get()
    assert (schedule.zone, schedule.missed, schedule.jitter) == ("Europe/Berlin", Missed.ONCE, 60)
    page = signed_in.get(APP).content.decode()
    assert ("30 4 * * mon-fri" in page, "Pause" in page) == (True, True)
    signed_in.post(f"{APP}schedules/{schedule.pk}/switch/")
    assert "Resume" in signed_in.get(APP).content.decode()
    signed_in.post(f"{APP}schedules/{schedule.pk}/remove/")
    assert not Schedule.objects.exists()


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        ({"cron": "now and then"}, "five fields"),
        ({"cron": "0 0 31 2 *"}, "no such day"),
        ({"zone": "Atlantis"}, "is not a time zone"),
        ({"zone": "../../etc/passwd"}, "is not a time zone"),
        ({"jitter": "99999"}, "less than or equal"),
    ],
)
def test_what_is_wrong_is_told_beside_the_form(signed_in, wrong, told) -> None:
    response = signed_in.post(APP + "schedules/create/", SENT | wrong)
    assert (response.status_code, told in response.content.decode()) == (422, True)
    assert not Schedule.objects.exists()


def test_bases_are_shown_where_they_are_watched(signed_in, build) -> None:
    build.definition |= {"watch": True}
    build.save()
    assert "after the first good run" in signed_in.get(APP).content.decode()
    Base.objects.create(build=build, reference="busybox", due="2026-05-28T20:26:40Z", error="no answer")
    assert "no answer" in signed_in.get(APP).content.decode()


def test_the_api_does_all_of_it(script, build) -> None:
    made = script.post("/builds/app/schedules", {"cron": "@daily"})
    assert made.status_code == 201
    assert script.post("/builds/app/schedules", {"cron": "x"}).status_code == 422
    assert script.post("/builds/app/schedules", {"cron": "@daily", "zone": "/etc"}).status_code == 422
    path = f"/builds/app/schedules/{made.json()['id']}"
    assert script.put(path + "/pause", {"is_paused": True}).json()["is_paused"] is True
    assert [one["cron"] for one in script.get("/builds/app/schedules").json()] == ["@daily"]
    assert script.get("/builds/app/bases").json() == []
    assert script.delete(path).status_code == 204
    assert script.delete(path).status_code == 404
