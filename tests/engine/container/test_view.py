import pytest

from engine.container import view
from engine.container.health import Health, HealthStatus
from engine.container.record import State
from engine.container.state import Status

SECOND = 1_000_000_000


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0.5, "Less than a second"),
        (1, "1 second"),
        (59, "59 seconds"),
        (60, "About a minute"),
        (119, "About a minute"),
        (120, "2 minutes"),
        (3599, "59 minutes"),
        (3600, "About an hour"),
        (2 * 3600, "2 hours"),
        (47 * 3600, "47 hours"),
        (48 * 3600, "2 days"),
        (14 * 86400, "2 weeks"),
        (60 * 86400, "2 months"),
        (800 * 86400, "2 years"),
    ],
)
def test_durations_in_dockers_words(seconds, text):
    assert view.duration(int(seconds * SECOND)) == text


@pytest.mark.parametrize(
    ("state", "text"),
    [
        (State(), "Created"),
        (State(status=Status.RUNNING, started=100 * SECOND), "Up 2 minutes"),
        (State(status=Status.RUNNING, started=1, health=Health()), "Up 3 minutes (health: starting)"),
        (
            State(status=Status.RUNNING, started=1, health=Health(status=HealthStatus.UNHEALTHY)),
            "Up 3 minutes (unhealthy)",
        ),
        (State(status=Status.RESTARTING, exit_code=3, finished=217 * SECOND), "Restarting (3) 3 seconds ago"),
        (State(status=Status.PAUSED, started=100 * SECOND), "Up 2 minutes (Paused)"),
        (State(status=Status.EXITED, exit_code=3, started=1, finished=217 * SECOND), "Exited (3) 3 seconds ago"),
        (State(status=Status.REMOVING), "Removal In Progress"),
        (State(status=Status.DEAD), "Dead"),
    ],
)
def test_the_status_column(state, text):
    assert view.status_text(state, 220 * SECOND) == text


def test_times():
    assert view.rfc3339(0) == "0001-01-01T00:00:00Z"
    assert view.rfc3339(1_700_000_000_000_000_001) == "2023-11-14T22:13:20.000000001Z"


def test_the_command_column():
    assert view.command_line(["sh", "-c", "echo a b"]) == "sh -c 'echo a b'"
