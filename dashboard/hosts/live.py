"""What happens on a host, as open pages are told: one message for each change that a page can show."""

from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any, Self


class Kind(StrEnum):
    """What changed. ENGINE is the engine itself: `up` (ask for everything again) or `down`."""

    CONTAINER = "container"
    IMAGE = "image"
    NETWORK = "network"
    VOLUME = "volume"
    ENGINE = "engine"


@dataclass(frozen=True)
class Change:
    """`action` is Docker's (`start`, `die`, `pull`, …); `id` the object's, empty for the engine."""

    kind: Kind
    id: str
    action: str

    @classmethod
    def from_event(cls, event: dict[str, Any]) -> Self | None:
        """The change that Docker's EventMessage tells of; None where no page shows a difference."""
        kind, action = event.get("Type", ""), str(event.get("Action", ""))
        # exec_create, exec_start and exec_die come with each health check, and change nothing that is shown.
        if kind not in _SHOWN or action.startswith(("exec_", "top", "resize", "attach")):
            return None
        return cls(Kind(kind), str(event.get("Actor", {}).get("ID", "")), action.partition(":")[0])

    def message(self) -> dict[str, Any]:
        """For the host's channel group."""
        return {"type": "host.change", "change": asdict(self)}


_SHOWN = frozenset(kind.value for kind in Kind) - {Kind.ENGINE}
UP = Change(Kind.ENGINE, "", "up")
DOWN = Change(Kind.ENGINE, "", "down")
