"""Who may go where: every pair of states, as the table has it and as the database lets it happen."""

import itertools
import uuid

import pytest

from dashboard.jobs.models import Job
from dashboard.jobs.params import Kind
from dashboard.jobs.states import ACTIVE, FINAL, MOVES, State, sources
from workers.app import app

ALLOWED = {
    ("queued", "running"),
    ("queued", "cancelled"),
    ("running", "succeeded"),
    ("running", "failed"),
    ("running", "cancelling"),
    ("running", "queued"),
    ("running", "lost"),
    ("cancelling", "cancelled"),
    ("cancelling", "failed"),
    ("cancelling", "succeeded"),
}
PAIRS = list(itertools.product(State, State))


def test_the_table_is_the_one_that_is_drawn() -> None:
    assert {(source.value, target.value) for source, targets in MOVES.items() for target in targets} == ALLOWED


def test_final_states_are_left_by_nobody() -> None:
    assert {State.SUCCEEDED, State.FAILED, State.CANCELLED, State.LOST} == FINAL
    assert {State.QUEUED, State.RUNNING, State.CANCELLING} == ACTIVE
    assert all(not MOVES[state] for state in FINAL)


@pytest.mark.parametrize(("source", "target"), PAIRS)
def test_sources_are_the_table_read_backwards(source: State, target: State) -> None:
    assert (source in sources(target)) == (target in MOVES[source])


@pytest.mark.django_db
def test_the_database_lets_happen_what_the_table_allows_and_nothing_else(make_job) -> None:
    for source, target in PAIRS:
        job = make_job(state=source)
        moved = Job.objects.filter(pk=job.pk).move(target, error="moved")
        job.refresh_from_db()
        is_allowed = (source.value, target.value) in ALLOWED
        assert moved == int(is_allowed), (source, target)
        assert job.state == (target if is_allowed else source)
        assert job.error == ("moved" if is_allowed else "")


@pytest.mark.django_db
def test_a_move_touches_no_other_job(make_job) -> None:
    one, other = make_job(state=State.QUEUED), make_job(state=State.QUEUED)
    assert Job.objects.filter(pk=one.pk).move(State.RUNNING) == 1
    other.refresh_from_db()
    assert other.state == State.QUEUED
    assert Job.objects.filter(pk=uuid.uuid4()).move(State.RUNNING) == 0


def test_each_kind_has_a_task_of_its_own() -> None:
    app.loader.import_default_modules()
    assert {kind.task for kind in Kind} <= set(app.tasks)
