"""Times as engines write them."""

from datetime import datetime

from django.utils.dateparse import parse_datetime


def read_time(text: object) -> datetime | None:
    """An RFC 3339 time, which has nanoseconds in Docker's answers; the year 1 stands for never."""
    found = parse_datetime(str(text or ""))
    return found if found and found.year > 1 else None
