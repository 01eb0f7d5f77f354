"""The life of a container: one table says who may go where, and `move` is the only way."""

from enum import Enum
from typing import Final

from engine.errors import Conflict


class Status(Enum):
    """The seven states of Docker's API; the value is the word that clients see."""

    CREATED = "created"
    RUNNING = "running"
    PAUSED = "paused"
    RESTARTING = "restarting"
    EXITED = "exited"
    REMOVING = "removing"
    DEAD = "dead"

    @property
    def has_process(self) -> bool:
        """Is there a process (running or frozen) to talk to?"""
        return self in {Status.RUNNING, Status.PAUSED}

    @property
    def is_up(self) -> bool:
        """What Docker calls running: there is a process, or there will be one again without anybody's doing."""
        return self.has_process or self is Status.RESTARTING


#: From each state, the states that can follow. DEAD is a container whose removal failed half-way: removing it
#: again is all that is left. EXITED goes back to RUNNING by `start`.
TRANSITIONS: Final[dict[Status, frozenset[Status]]] = {
    Status.CREATED: frozenset({Status.RUNNING, Status.REMOVING}),
    Status.RUNNING: frozenset({Status.PAUSED, Status.EXITED, Status.RESTARTING}),
    Status.PAUSED: frozenset({Status.RUNNING, Status.EXITED}),
    Status.RESTARTING: frozenset({Status.RUNNING, Status.EXITED, Status.REMOVING}),
    Status.EXITED: frozenset({Status.RUNNING, Status.REMOVING}),
    Status.REMOVING: frozenset({Status.DEAD}),
    Status.DEAD: frozenset({Status.REMOVING}),
}


def move(identifier: str, current: Status, to: Status) -> Status:
    """Return `to` when the table allows it; raises Conflict, naming the container and both states, when not."""
    if to not in TRANSITIONS[current]:
        raise Conflict(f"container {identifier} is {current.value} and can't become {to.value}")
    return to
