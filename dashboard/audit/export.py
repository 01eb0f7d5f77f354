"""Entries as JSON lines."""

import json
from collections.abc import Iterator

from dashboard.audit.models import Entry, EntryQuerySet

_FIELDS = ("number", "actor", "address", "way", "action", "host", "target", "outcome", "detail", "digest")


def lines(entries: EntryQuerySet) -> Iterator[str]:
    """One line an entry, in the order of `entries`; times in UTC, as RFC 3339 has them."""
    for entry in entries.iterator(chunk_size=1000):
        yield json.dumps(_told(entry), ensure_ascii=False) + "\n"


def _told(entry: Entry) -> dict[str, object]:
    return {"time": entry.time.isoformat()} | {name: getattr(entry, name) for name in _FIELDS}
