"""Which driver an engine gets: the one that it had, the one that it is told to take, or the first that works here."""

from collections.abc import Sequence
from pathlib import Path
from typing import Final

import structlog

from engine.errors import Conflict, InvalidParameter, NotSupported, Unavailable
from engine.graphdriver.driver import DriverKind, GraphDriver
from engine.graphdriver.layout import NO_LAYER, Layout
from engine.linux.trees import remove_tree

log = structlog.get_logger(__name__)

#: Where drivers are tried, below the state directory.
_SCRATCH: Final = "trial"


def choose(kinds: Sequence[DriverKind], home: Path, wanted: str | None) -> GraphDriver:
    """The driver for the state directory `home`, of `kinds` in the order in which they are preferred.

    What one driver stores, no other can show. So where there are layers or containers, their driver is the only
    choice. Raises InvalidParameter for a driver that there is none of, Conflict for one that is not that of the data,
    Unavailable where none works.
    """
    held = [kind for kind in kinds if _holds_data(home / kind.folder)]
    if wanted is not None:
        kind = _named(kinds, wanted)
        if held and kind not in held:
            raise Conflict(
                f"{home} has images or containers of storage driver {held[0].name}, which {wanted} can't show: take "
                f"{held[0].name}, or another state directory"
            )
        candidates: Sequence[DriverKind] = [kind]
    elif len(held) > 1:
        names = ", ".join(kind.name for kind in held)
        raise Conflict(f"{home} has data of several storage drivers: {names}. Say which of them is to be used")
    else:
        candidates = held or kinds
    return _first_that_fits(candidates, home)


def _first_that_fits(candidates: Sequence[DriverKind], home: Path) -> GraphDriver:
    reasons = []
    for kind in candidates:
        try:
            _try(kind, home / _SCRATCH)
        except NotSupported as error:
            log.warning("storage driver does not work here", driver=kind.name, reason=error.message)
            reasons.append(f"{kind.name}: {error.message}")
            continue
        return kind(home / kind.folder)
    raise Unavailable(f"no storage driver works for {home}: {'; '.join(reasons)}")


def _try(kind: DriverKind, scratch: Path) -> None:
    remove_tree(scratch)  # of an engine that was killed in the midst of it
    scratch.mkdir(mode=0o700)
    try:
        kind.fits(scratch)
    finally:
        remove_tree(scratch)


def _named(kinds: Sequence[DriverKind], name: str) -> DriverKind:
    for kind in kinds:
        if kind.name == name:
            return kind
    raise InvalidParameter(f"there is no storage driver {name!r}, only {', '.join(kind.name for kind in kinds)}")


def _holds_data(root: Path) -> bool:
    layout = Layout(root)
    if not root.exists():
        return False
    layers = (path for path in layout.layers.iterdir() if path.name != NO_LAYER)
    return any(layers) or any(layout.containers.iterdir())
