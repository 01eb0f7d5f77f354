"""Waiting for a condition: no fixed sleeps, one deadline, and a message that says what was waited for."""

import time
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")


def until(what: str, probe: Callable[[], T], *, seconds: float = 30.0) -> T:
    """Call `probe` until its answer is truthy and return that; raises TimeoutError with `what` after `seconds`."""
    deadline = time.monotonic() + seconds
    pause = 0.005
    while not (answer := probe()):
        if time.monotonic() > deadline:
            raise TimeoutError(f"waited {seconds:.0f} s for {what}")
        time.sleep(pause)
        pause = min(pause * 1.5, 0.1)
    return answer
