"""An error of a step shows where in the Dockerfile the step stands."""

from collections.abc import Iterator
from contextlib import contextmanager

from engine.build.dockerfile.instructions import Instruction
from engine.build.dockerfile.position import MARK, excerpt
from engine.errors import EngineError


@contextmanager
def located(step: Instruction) -> Iterator[None]:
    """What fails in the block says so of `step`, below its own words: its lines, with their numbers.

    An error that shows lines already is another stage's, which this one has waited for, or the parser's.
    """
    try:
        yield
    except EngineError as error:
        if MARK not in error.message:
            error.message += f"\n{excerpt(step.position, step.lines or (step.original,))}"
        raise
