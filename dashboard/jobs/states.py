"""A job's life, as a table of data: who may go where. Nothing else decides it.

    queued ──► running ──► succeeded │ failed
      ▲ │         │ │
      │ │         │ └─────► cancelling ──► cancelled │ failed │ succeeded
      │ └► cancelled
      └───────────┤         (its worker went away and the work may be done again)
                  └───────► lost

A final state stays: doing the work again is a new job.
"""

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType
from typing import Final


class State(StrEnum):
    """Where a job stands; the value is what the database and the pages hold."""

    QUEUED = "queued"
    RUNNING = "running"
    CANCELLING = "cancelling"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    CANCELLED = "cancelled"
    LOST = "lost"

    @property
    def is_final(self) -> bool:
        return not MOVES[self]


MOVES: Final[Mapping[State, frozenset[State]]] = MappingProxyType(
    {
        State.QUEUED: frozenset({State.RUNNING, State.CANCELLED}),
        State.RUNNING: frozenset({State.SUCCEEDED, State.FAILED, State.CANCELLING, State.QUEUED, State.LOST}),
        # Work that ended before the wish to cancel reached it, and that leaves nothing to undo, has succeeded.
        State.CANCELLING: frozenset({State.CANCELLED, State.FAILED, State.SUCCEEDED}),
        State.SUCCEEDED: frozenset(),
        State.FAILED: frozenset(),
        State.CANCELLED: frozenset(),
        State.LOST: frozenset(),
    }
)

FINAL: Final = frozenset(state for state in State if state.is_final)
ACTIVE: Final = frozenset(State) - FINAL


def sources(target: State) -> frozenset[State]:
    """The states from which a job may move to `target`."""
    return frozenset(state for state, targets in MOVES.items() if target in targets)
