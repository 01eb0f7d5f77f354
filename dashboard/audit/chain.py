"""The chain: each entry is sealed together with the seal of the one before.

The seal is an HMAC under the console's own key, which is not in the database: who can write to the database alone can
neither change an entry nor put one between others unseen. That the newest entries were cut off shows when the head's
digest was written down elsewhere, as `manage.py audit verify` prints it.
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

from django.db import transaction
from django.db.models import F
from django.utils import timezone
from django.utils.crypto import salted_hmac

from dashboard.audit.models import LENGTHS, Entry, Head, Outcome

_HEAD: Final = 1
_SALT: Final = "portside.audit"
_SEALED: Final = ("number", "time", "actor", "address", "way", "action", "host", "target", "outcome", "detail")


@dataclass(frozen=True, kw_only=True)
class Act:
    """What an entry tells; see `Entry`. `detail` is JSON, without secrets."""

    action: str
    outcome: Outcome = Outcome.ALLOWED
    actor: str = ""
    address: str = ""
    way: str = "page"
    host: str = ""
    target: str = ""
    detail: Mapping[str, Any] = field(default_factory=dict)


class BrokenChain(Exception):
    """The chain is not what was written; the text says where."""


def append(act: Act) -> Entry:
    """Add an entry. Blocking; from asynchronous code through `sync_to_async`."""
    with transaction.atomic():
        # The first statement writes: on every database, whoever comes next waits here, and reads what we leave.
        if not Head.objects.filter(pk=_HEAD).update(length=F("length") + 1):
            Head.objects.create(pk=_HEAD, length=1)
        head = Head.objects.get(pk=_HEAD)
        entry = Entry(number=head.length, time=timezone.now(), **_columns(act))
        entry.digest = _seal(entry, head.digest)
        entry.save(force_insert=True)
        Head.objects.filter(pk=_HEAD).update(digest=entry.digest)
    return entry


def verify() -> tuple[int, str]:
    """How many entries there are, and the digest of the newest. Raises BrokenChain."""
    head = Head.objects.filter(pk=_HEAD).first() or Head(pk=_HEAD)
    digest, expected = head.anchor, head.forgotten
    for entry in _in_order():
        expected += 1
        if entry.number != expected:
            raise BrokenChain(f"entry {expected} is missing: {entry.number} follows {expected - 1}")
        digest = _seal(entry, digest)
        if entry.digest != digest:
            raise BrokenChain(f"entry {entry.number} is not what was written")
    if (expected, digest) != (head.length, head.digest):
        raise BrokenChain(f"the newest entries are missing: there are {expected} of {head.length}")
    return expected - head.forgotten, digest


def forget(before: datetime) -> int:
    """Remove the entries older than `before`, from the old end on; answers how many. The rest still verifies."""
    with transaction.atomic():
        head, _made = Head.objects.select_for_update().get_or_create(pk=_HEAD)
        kept = Entry.objects.filter(time__gte=before).order_by("number").first()
        last = Entry.objects.filter(number__lt=kept.number if kept else head.length + 1).first()
        if last is None:
            return 0
        Entry.objects.filter(number__lte=last.number).delete()
        gone = last.number - head.forgotten
        Head.objects.filter(pk=_HEAD).update(forgotten=last.number, anchor=last.digest)
        return gone


def _columns(act: Act) -> dict[str, Any]:
    """`act` as it fits into the columns; what is longer is cut."""
    cut = {name: str(getattr(act, name))[:length] for name, length in LENGTHS.items()}
    return cut | {"outcome": act.outcome, "detail": dict(act.detail)}


def _in_order() -> Iterator[Entry]:
    return Entry.objects.order_by("number").iterator(chunk_size=1000)


def _seal(entry: Entry, before: str) -> str:
    fields = {name: getattr(entry, name) for name in _SEALED}
    told = json.dumps([before, fields | {"time": entry.time.isoformat()}], sort_keys=True, separators=(",", ":"))
    return salted_hmac(_SALT, told, algorithm="sha256").hexdigest()
