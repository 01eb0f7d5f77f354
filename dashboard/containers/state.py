"""A container's state, as pages show it and as it decides what can be done."""

from enum import StrEnum
from typing import Self


class State(StrEnum):
    """Docker's states. UNKNOWN is one that a newer engine may have."""

    CREATED = "created"
    RUNNING = "running"
    PAUSED = "paused"
    RESTARTING = "restarting"
    REMOVING = "removing"
    EXITED = "exited"
    DEAD = "dead"
    UNKNOWN = "unknown"

    @classmethod
    def _missing_(cls, value: object) -> Self:
        return cls("unknown")

    @property
    def is_alive(self) -> bool:
        """Has it processes? Then it can be stopped, and removed only by force."""
        return self in {State.RUNNING, State.PAUSED, State.RESTARTING}

    @property
    def can_start(self) -> bool:
        return self in {State.CREATED, State.EXITED}

    @property
    def can_exec(self) -> bool:
        return self is State.RUNNING
