"""When a schedule is due."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from dashboard.schedules.cron import Cron, NotCron

BERLIN = ZoneInfo("Europe/Berlin")


def times(cron: str, after: str, count: int = 1, zone: ZoneInfo = BERLIN) -> list[str]:
    moment = datetime.fromisoformat(after).replace(tzinfo=UTC)
    found = []
    for _number in range(count):
        moment = Cron.parse(cron).after(moment, zone)
        found.append(f"{moment:%m-%d %H:%M}")
    return found


@pytest.mark.parametrize(
    ("cron", "expected"),
    [
        ("30 4 * * *", "05-29 02:30"),
        ("*/15 * * * *", "05-28 20:30"),
        ("0 0 1 jan *", "12-31 23:00"),
        ("0 12 * * mon-fri", "05-29 10:00"),
        ("0 12 * * 7", "05-31 10:00"),
        ("0 12 13 * fri", "05-29 10:00"),
        ("5-10/5,50 22 * * *", "05-28 20:50"),
        ("@hourly", "05-28 21:00"),
        ("0 0 29 2 *", "02-28 23:00"),
    ],
)
def test_the_next_time_is_by_the_clock_of_the_zone(cron: str, expected: str) -> None:
    assert times(cron, "2026-05-28T20:26:40") == [expected]


def test_an_hour_that_is_not_there_is_made_up_for() -> None:
    assert times("30 2 * * *", "2026-03-28T12:00", 2) == ["03-29 01:30", "03-30 00:30"]
    assert times("0 * * * *", "2026-03-29T00:30", 2) == ["03-29 01:00", "03-29 02:00"]


def test_an_hour_that_comes_twice_counts_once_unless_all_do() -> None:
    assert times("30 2 * * *", "2026-10-24T12:00", 2) == ["10-25 00:30", "10-26 01:30"]
    assert times("0 * * * *", "2026-10-24T23:30", 3) == ["10-25 00:00", "10-25 01:00", "10-25 02:00"]


@pytest.mark.parametrize(
    ("cron", "told"),
    [
        ("", "five fields"),
        ("* * * *", "five fields"),
        ("60 * * * *", "not within 0 and 59"),
        ("* * 0 * *", "not within 1 and 31"),
        ("5-1 * * * *", "not within"),
        ("*/0 * * * *", "not within"),
        ("* * * someday *", "is not a number nor one of jan"),
        ("; rm * * * *", "five fields"),
        ("a-b-c * * * *", "neither a number"),
    ],
)
def test_what_is_no_schedule_is_told(cron: str, told: str) -> None:
    with pytest.raises(NotCron, match=told):
        Cron.parse(cron)


def test_a_day_that_never_comes_is_no_schedule() -> None:
    with pytest.raises(NotCron, match="no such day"):
        times("0 0 31 2 *", "2026-01-01T00:00")
