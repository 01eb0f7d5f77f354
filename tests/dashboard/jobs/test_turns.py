"""Whose turn it is: so many at a time, the urgent first."""

import pytest

from dashboard.hosts.models import Host
from dashboard.jobs import leases, turns
from dashboard.jobs.origin import Origin, Priority
from dashboard.jobs.params import Kind
from dashboard.jobs.states import State

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _small(monkeypatch) -> None:
    monkeypatch.setattr(turns, "PER_HOST", 3)
    monkeypatch.setattr(turns, "PER_KIND", {Kind.PULL: 2, Kind.RUN: 3})


def test_a_kind_has_so_many_places_and_the_host_so_many_in_all(make_job) -> None:
    pulls = [make_job() for _ in range(3)]
    runs = [make_job(kind=Kind.RUN, params={"image": "busybox"}) for _ in range(2)]
    assert [leases.claim(job.pk) is not None for job in pulls] == [True, True, False]
    assert [leases.claim(job.pk) is not None for job in runs] == [True, False]


def test_a_user_s_click_goes_before_a_schedule(make_job) -> None:
    make_job(state=State.RUNNING)
    planned = make_job(priority=Origin.SCHEDULE.priority)
    clicked = make_job(priority=Priority.USER)
    assert turns.next_for(planned.host_id) == [clicked.pk]
    assert leases.claim(planned.pk) is None
    assert leases.claim(clicked.pk) is not None


def test_of_two_alike_the_older_goes_first(make_job) -> None:
    make_job(state=State.RUNNING)
    older, newer = make_job(), make_job()
    assert leases.claim(newer.pk) is None
    assert leases.claim(older.pk) is not None


def test_a_kind_without_room_does_not_hold_up_another(make_job) -> None:
    for _ in range(2):
        make_job(state=State.RUNNING)
    waiting, other = make_job(), make_job(kind=Kind.RUN, params={"image": "busybox"})
    assert turns.next_for(waiting.host_id) == [other.pk]


def test_a_job_that_is_being_cancelled_still_takes_its_place(make_job) -> None:
    make_job(state=State.CANCELLING)
    make_job(state=State.RUNNING)
    assert leases.claim(make_job().pk) is None


def test_another_host_has_places_of_its_own(make_job) -> None:
    for _ in range(2):
        make_job(state=State.RUNNING)
    job = make_job()
    job.host = Host.objects.create(name="elsewhere", url="unix:///nonexistent")
    job.save()
    assert leases.claim(job.pk) is not None
