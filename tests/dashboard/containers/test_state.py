import pytest

from dashboard.containers.state import State


@pytest.mark.parametrize(
    ("state", "is_alive", "can_start"),
    [
        ("created", False, True),
        ("running", True, False),
        ("paused", True, False),
        ("restarting", True, False),
        ("removing", False, False),
        ("exited", False, True),
        ("dead", False, False),
        ("hibernating", False, False),
    ],
)
def test_what_can_be_done_in_a_state(state: str, is_alive: bool, can_start: bool) -> None:
    assert (State(state).is_alive, State(state).can_start) == (is_alive, can_start)


def test_a_state_that_docker_may_invent_is_no_error() -> None:
    assert State("hibernating") is State.UNKNOWN
