import itertools

import pytest

from engine.container.state import TRANSITIONS, Status, move
from engine.errors import Conflict


@pytest.mark.parametrize(("current", "to"), list(itertools.product(Status, Status)))
def test_only_the_tables_moves_are_possible(current, to):
    if to in TRANSITIONS[current]:
        assert move("c", current, to) is to
    else:
        with pytest.raises(Conflict, match=rf"c is {current.value} and can't become {to.value}"):
            move("c", current, to)


def test_every_state_has_a_row_and_every_state_but_the_first_can_be_reached():
    assert set(TRANSITIONS) == set(Status)
    assert set().union(*TRANSITIONS.values()) == set(Status) - {Status.CREATED}


def test_a_container_with_a_process_is_never_removed_directly():
    for status in Status:
        if status.has_process:
            assert Status.REMOVING not in TRANSITIONS[status]
