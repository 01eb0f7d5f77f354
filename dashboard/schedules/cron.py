"""When a schedule is due: cron's five fields, by the clock of a time zone. Pure.

Where the clock is put forward, what falls into the hour that is not there is done after it; where it is put back, what
falls into the hour that comes twice is done once, unless it is due every hour.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Final, Self
from zoneinfo import ZoneInfo

_NICKNAMES: Final = {
    "@hourly": "0 * * * *",
    "@daily": "0 0 * * *",
    "@midnight": "0 0 * * *",
    "@weekly": "0 0 * * 0",
    "@monthly": "0 0 1 * *",
    "@yearly": "0 0 1 1 *",
    "@annually": "0 0 1 1 *",
}
_MONTHS: Final = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"]
_DAYS: Final = ["sun", "mon", "tue", "wed", "thu", "fri", "sat"]
_PART: Final = re.compile(r"(?:(?P<all>\*)|(?P<first>\w+)(?:-(?P<last>\w+))?)(?:/(?P<step>\d+))?")
#: Days that are looked through: a 29th of February on a certain weekday comes after 40 years at most.
_FURTHEST: Final = 366 * 41


class NotCron(ValueError):
    """The text is no schedule; it says why, for the user."""


@dataclass(frozen=True)
class Cron:
    """The minutes, hours, days and months that are meant. Of two limits on days either is enough, as in cron."""

    minutes: tuple[int, ...]
    hours: tuple[int, ...]
    days: frozenset[int]
    months: frozenset[int]
    weekdays: frozenset[int]
    either_day: bool

    @classmethod
    def parse(cls, text: str) -> Self:
        """Raises NotCron."""
        fields = _NICKNAMES.get(text.strip().lower(), text).split()
        if len(fields) != 5:
            raise NotCron(f"{text!r} is not five fields: minute, hour, day, month and weekday")
        minute, hour, day, month, weekday = fields
        return cls(
            tuple(sorted(_numbers(minute, 0, 59))),
            tuple(sorted(_numbers(hour, 0, 23))),
            frozenset(_numbers(day, 1, 31)),
            frozenset(_numbers(month, 1, 12, _MONTHS, 1)),
            frozenset(number % 7 for number in _numbers(weekday, 0, 7, _DAYS, 0)),
            not day.startswith("*") and not weekday.startswith("*"),
        )

    def after(self, moment: datetime, zone: ZoneInfo) -> datetime:
        """The first time after `moment`, in UTC. Raises NotCron where there is none: a 31st of February."""
        day = moment.astimezone(zone).date()
        for _count in range(_FURTHEST):
            if self._is_meant(day):
                times = sorted(set(self._times(day, zone)))
                if found := next((time for time in times if time > moment), None):
                    return found
            day += timedelta(days=1)
        raise NotCron("there is no such day")

    def _is_meant(self, day: date) -> bool:
        if day.month not in self.months:
            return False
        by_day, by_weekday = day.day in self.days, day.isoweekday() % 7 in self.weekdays
        return by_day or by_weekday if self.either_day else by_day and by_weekday

    def _times(self, day: date, zone: ZoneInfo) -> Iterator[datetime]:
        is_hourly = len(self.hours) == 24
        for hour in self.hours:
            for minute in self.minutes:
                local = datetime(day.year, day.month, day.day, hour, minute, tzinfo=zone)
                first = local.astimezone(UTC)
                if first.astimezone(zone).hour == hour:
                    yield first
                elif not is_hourly:
                    yield first  # the hour is not there: by the clock it is an hour later
                if is_hourly:
                    yield local.replace(fold=1).astimezone(UTC)


def _numbers(text: str, least: int, most: int, names: list[str] | None = None, base: int = 0) -> set[int]:
    found: set[int] = set()
    for part in text.split(","):
        match = _PART.fullmatch(part)
        if match is None:
            raise NotCron(f"{part!r} is neither a number, a range, a step nor *")
        step = int(match["step"] or 1)
        if match["all"]:
            first, last = least, most
        else:
            first = _number(match["first"], names, base)
            last = _number(match["last"], names, base) if match["last"] else (most if match["step"] else first)
        if not least <= first <= last <= most or step < 1:
            raise NotCron(f"{part!r} is not within {least} and {most}")
        found.update(range(first, last + 1, step))
    return found


def _number(text: str, names: list[str] | None, base: int) -> int:
    if text.isdecimal():
        return int(text)
    if names and text.lower() in names:
        return names.index(text.lower()) + base
    raise NotCron(f"{text!r} is not a number" + (f" nor one of {', '.join(names)}" if names else ""))
