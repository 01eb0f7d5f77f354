"""How long a saved build's runs took, as a chart shows it."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from dashboard.builds.models import Run, SavedBuild

#: Runs in the list, and in the chart.
SHOWN: Final = 50
#: The chart's measures, in its own units.
HEIGHT: Final = 60
STEP: Final = 12


@dataclass(frozen=True)
class Bar:
    """One run: `x`, `y` and `height` from the chart's upper left corner."""

    run: Run
    x: int
    y: int
    height: int


def runs_of(build: SavedBuild) -> list[Run]:
    """The newest first."""
    return list(build.runs.select_related("job", "job__host", "redeployment")[:SHOWN])


def bars(runs: Sequence[Run]) -> list[Bar]:
    """The oldest at the left; the longest is as high as the chart. Runs that have not ended have none."""
    ended = [run for run in reversed(runs) if run.seconds > 0]
    longest = max((run.seconds for run in ended), default=0.0)
    return [_bar(run, place, longest) for place, run in enumerate(ended)]


def _bar(run: Run, place: int, longest: float) -> Bar:
    height = max(1, round(run.seconds / longest * HEIGHT))
    return Bar(run, place * STEP, HEIGHT - height, height)
