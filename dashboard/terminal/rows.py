"""What is written of a terminal: its beginning within the limits, where it stands, its end."""

from typing import Any

from asgiref.sync import sync_to_async
from django.conf import settings
from django.db import transaction
from django.db.models import F
from django.db.models.functions import Greatest
from django.utils import timezone
from django.utils.translation import gettext as _

from dashboard.accounts.models import User
from dashboard.hosts.models import Host
from dashboard.terminal.limits import Limits
from dashboard.terminal.models import Terminal
from dashboard.terminal.protocol import Close, Reason
from dashboard.terminal.record import tell_end
from dashboard.terminal.refusal import Refused


@transaction.atomic
def begin(owner: User, host: Host, container: str, **fields: Any) -> Terminal:
    """A row for a terminal that is about to be opened; raises Refused when the owner or the host has too many."""
    limits: Limits = settings.TERMINAL_LIMITS
    if Terminal.live.filter(owner=owner).count() >= limits.per_user:
        text = _("%(limit)d terminals are open already; close one first")
        raise Refused(Reason.TOO_MANY, text % {"limit": limits.per_user})
    if Terminal.live.filter(host=host).count() >= limits.per_host:
        text = _("%(limit)d terminals are open on %(host)s; no more are allowed")
        raise Refused(Reason.TOO_MANY, text % {"limit": limits.per_host, "host": host.name})
    return Terminal.objects.create(
        owner=owner, owner_name=str(owner), host=host, host_name=host.name, container=container, **fields
    )


def find(identifier: str) -> Terminal:
    """The terminal to take up again; raises Refused for one that is not there, or has ended."""
    try:
        found = Terminal.objects.select_related("host", "owner").get(pk=identifier)
    except Terminal.DoesNotExist:
        raise Refused(Reason.UNKNOWN_SESSION, _("There is no such terminal; open a new one")) from None
    if found.ended is not None:
        raise Refused(Reason.UNKNOWN_SESSION, _("This terminal has ended; open a new one"), found.exit_code)
    return found


def saw(terminal: Terminal, *, output: int, typed: int) -> None:
    """Somebody leaves: `output` is the end of what was read, `typed` what was typed by this connection."""
    Terminal.objects.filter(pk=terminal.pk).update(
        output_bytes=Greatest(F("output_bytes"), output), input_bytes=F("input_bytes") + typed, seen=timezone.now()
    )


def finish(terminal: Terminal, close: Close) -> bool:
    """It has ended; True for the first who says so."""
    return bool(
        Terminal.live.filter(pk=terminal.pk).update(
            ended=timezone.now(), exit_code=close.exit_code, end_reason=close.text[:255], login=""
        )
    )


async def afinish(terminal: Terminal, close: Close) -> None:
    """As `finish`; the first to say so tells the audit."""
    if await sync_to_async(finish)(terminal, close):
        await tell_end(terminal)


def doom(**which: Any) -> int:
    """Have those live terminals ended that `which` selects: how many."""
    return Terminal.live.filter(doomed=None, **which).update(doomed=timezone.now())
