import time

import pytest

from engine.errors import InvalidParameter
from engine.image.until import until


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("1700000000", 1_700_000_000),
        ("1700000000.5", 1_700_000_000.5),
        ("2024-01-01T00:00:00Z", 1_704_067_200),
        ("2024-01-01", 1_704_067_200),
    ],
)
def test_moments(text: str, seconds: float) -> None:
    assert until(text) == seconds


@pytest.mark.parametrize(("text", "ago"), [("10m", 600), ("1h30m", 5400), ("1.5s", 1.5)])
def test_durations(text: str, ago: float) -> None:
    before = time.time()
    assert before - ago <= until(text) <= time.time() - ago


@pytest.mark.parametrize("text", ["", "soon", "1h 2m", "-5m", "9" * 40])
def test_what_is_no_time(text: str) -> None:
    with pytest.raises(InvalidParameter, match="time or duration"):
        until(text)
