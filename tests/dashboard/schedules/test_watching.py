"""Images that builds are made from, and what becomes of one that moves."""

from datetime import UTC, datetime, timedelta

import pytest

from dashboard.builds import running, saving
from dashboard.builds.models import Run
from dashboard.jobs.models import Job
from dashboard.jobs.origin import By
from dashboard.jobs.params import Kind
from dashboard.jobs.states import State
from dashboard.schedules import rounds, settling, watching
from dashboard.schedules.models import Base
from dashboard.schedules.watching import PERIOD, Seen, take
from tests.dashboard.builds.conftest import definition

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("console")]
NOW = datetime(2026, 5, 28, 20, 26, 40, tzinfo=UTC)
OLD, NEW = Seen("sha256:" + "0" * 64), Seen("sha256:" + "1" * 64)


@pytest.fixture
def watched(build):
    build.definition = definition(watch=True, redeploy=True).model_dump(mode="json")
    build.save()
    return build


@pytest.fixture
def base(watched) -> Base:
    return Base.objects.create(build=watched, reference="busybox", due=NOW)


@pytest.fixture
def registry(monkeypatch) -> dict[str, Seen]:
    """What registries say."""
    said: dict[str, Seen] = {}
    monkeypatch.setattr(watching, "ask", lambda _host, reference: said[reference])
    return said


def ended(build, **result) -> Run:
    run = running.start(build, running.admitted_by_owner(build), build.owner, by=By(), cause="")
    Job.objects.filter(pk=run.job.pk).update(state=State.SUCCEEDED, result=result)
    return run


def test_a_good_run_says_what_is_watched_from_then_on(watched, registry) -> None:
    registry |= {"busybox": OLD, "debian:12": OLD}
    ended(watched, bases=["busybox", "debian:12"], tags=["app:1"])
    rounds.make_round(NOW)
    assert sorted(Base.objects.values_list("reference", "digest")) == [
        ("busybox", OLD.digest),
        ("debian:12", OLD.digest),
    ]
    ended(watched, bases=["busybox"], tags=["app:1"])
    rounds.make_round(NOW)
    assert [base.reference for base in Base.objects.all()] == ["busybox"]


def test_a_run_is_settled_once_and_its_containers_are_redeployed(watched) -> None:
    run = ended(watched, bases=[], tags=["app:1"])
    assert settling.settle_ended(NOW) == [run]
    assert settling.settle_ended(NOW) == []
    job = Job.objects.get(kind=Kind.REDEPLOY)
    run.refresh_from_db()
    assert (run.redeployment, job.params["references"], job.params["privileged"]) == (job, ["app:1"], True)


def test_a_bad_run_redeploys_nothing(watched) -> None:
    run = ended(watched, bases=["busybox"], tags=["app:1"])
    Job.objects.update(state=State.FAILED)
    settling.settle_ended(NOW)
    assert not Job.objects.filter(kind=Kind.REDEPLOY).exists()
    run.refresh_from_db()
    assert run.settled == NOW


def test_who_may_not_run_redeploys_nothing_and_it_is_said(watched, owner) -> None:
    run = ended(watched, bases=[], tags=["app:1"])
    owner.is_superuser = False
    owner.save()
    settling.settle_ended(NOW)
    run.refresh_from_db()
    assert "not redeployed" in run.cause


def test_one_that_moves_has_its_build_run_with_bases_fetched_anew(base) -> None:
    assert take(base, OLD, NOW) is None
    assert take(Base.objects.get(), OLD, NOW + PERIOD) is None
    run = take(Base.objects.get(), NEW, NOW + 2 * PERIOD)
    assert run is not None
    assert run.job.params["pull"] is True
    assert "busybox moved from sha256:000000000000 to sha256:111111111111" in run.cause


def test_two_that_see_it_move_run_the_build_once(base) -> None:
    take(base, OLD, NOW)
    first, second = Base.objects.get(), Base.objects.get()
    assert take(first, NEW, NOW + PERIOD) is not None
    assert take(second, NEW, NOW + PERIOD) is None


def test_a_move_waits_for_a_run_that_is_not_over(base, watched) -> None:
    take(base, OLD, NOW)
    run = ended(watched)
    Job.objects.update(state=State.RUNNING)
    assert take(Base.objects.get(), NEW, NOW + PERIOD) is None
    Job.objects.filter(pk=run.job.pk).update(state=State.SUCCEEDED)
    assert take(Base.objects.get(), NEW, NOW + PERIOD + watching.SOON) is not None


def test_a_registry_that_does_not_answer_is_left_alone_for_longer_each_time(base) -> None:
    for failures in (1, 2, 3):
        take(Base.objects.get(), Seen(error="toomanyrequests"), NOW)
        found = Base.objects.get()
        assert (found.failures, found.error) == (failures, "toomanyrequests")
        assert found.due == NOW + PERIOD * 2**failures
    assert watching.pause_after(99) == timedelta(days=1)
    take(Base.objects.get(), OLD, NOW)
    assert Base.objects.get().failures == 0


def test_one_image_of_two_builds_is_asked_for_once(base, watched, owner, local, monkeypatch) -> None:
    other = saving.create(local, owner, "other", definition(watch=True))
    Base.objects.create(build=other, reference="busybox", due=NOW)
    asked = []

    def ask(_host: object, reference: str) -> Seen:
        asked.append(reference)
        return OLD

    monkeypatch.setattr(watching, "ask", ask)
    watching.check_due(NOW)
    assert asked == ["busybox"]
    assert set(Base.objects.values_list("digest", flat=True)) == {OLD.digest}


def test_an_engine_without_an_answer_is_a_failure_that_is_told(local) -> None:
    assert watching.ask(local, "busybox").error
