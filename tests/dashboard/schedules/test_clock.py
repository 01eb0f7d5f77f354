"""Schedules, by a clock of the test's own."""

from datetime import UTC, datetime, timedelta

import pytest

from dashboard.builds.models import Run
from dashboard.jobs.models import Job
from dashboard.jobs.origin import Origin, Priority
from dashboard.jobs.states import State
from dashboard.schedules import clock
from dashboard.schedules.models import Missed, Schedule

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("console")]
NOW = datetime(2026, 5, 28, 20, 26, 40, tzinfo=UTC)
DUE = datetime(2026, 5, 29, 2, 30, tzinfo=UTC)


def made(build, **fields) -> Schedule:
    schedule = Schedule(build=build, cron="30 2 * * *", **fields)
    schedule.plan(NOW)
    schedule.save()
    return schedule


def test_it_runs_when_it_is_due_and_once(build) -> None:
    schedule = made(build)
    assert clock.run_due(DUE - timedelta(seconds=1)) == []
    (run,) = clock.run_due(DUE)
    assert (run.job.origin, run.job.priority, run.job.origin_name) == (Origin.SCHEDULE, Priority.SCHEDULE, "app")
    assert run.job.requested_by == build.owner
    assert "Scheduled for 2026-05-29 02:30" in run.cause
    assert clock.run_due(DUE) == []
    schedule.refresh_from_db()
    assert schedule.due == DUE + timedelta(days=1)


def test_two_that_look_at_the_same_time_run_it_once(build) -> None:
    schedule = made(build)
    assert clock._run(Schedule.objects.get(), DUE) is not None
    assert clock._run(schedule, DUE) is None
    assert Run.objects.count() == 1


def test_jitter_is_its_own_and_always_the_same(build) -> None:
    schedule = made(build, jitter=600)
    first = schedule.due
    schedule.plan(NOW)
    assert schedule.due == first
    assert timedelta() <= first - schedule.planned <= timedelta(seconds=600)
    seconds = {schedule.due - schedule.planned for schedule in _a_month_of(schedule)}
    assert len(seconds) > 10


def _a_month_of(schedule):
    for day in range(30):
        schedule.plan(NOW + timedelta(days=day))
        yield schedule


@pytest.mark.parametrize(("policy", "runs"), [(Missed.SKIP, 0), (Missed.ONCE, 1)])
def test_what_was_missed_is_skipped_or_run_once(build, policy, runs) -> None:
    schedule = made(build, missed=policy)
    later = DUE + timedelta(days=3, hours=1)
    assert len(clock.run_due(later)) == runs
    schedule.refresh_from_db()
    assert schedule.due == DUE + timedelta(days=4)
    assert ("missed" in schedule.told) is (runs == 0)


def test_one_that_is_paused_does_nothing(build) -> None:
    made(build, is_paused=True)
    assert clock.run_due(DUE) == []


def test_it_waits_for_no_run_that_is_not_over(build) -> None:
    schedule = made(build)
    clock.run_due(DUE)
    assert clock.run_due(DUE + timedelta(days=1)) == []
    schedule.refresh_from_db()
    assert "was not over" in schedule.told
    Job.objects.update(state=State.SUCCEEDED)
    assert len(clock.run_due(DUE + timedelta(days=2))) == 1


def test_without_the_right_it_says_so_and_goes_on(build, owner) -> None:
    schedule = made(build)
    owner.is_superuser = False
    owner.save()
    assert clock.run_due(DUE) == []
    schedule.refresh_from_db()
    assert "may not build here any more" in schedule.told
    assert schedule.due == DUE + timedelta(days=1)
