"""What pages do with terminals."""

import asyncio
import re
from collections.abc import AsyncIterator, Sequence
from pathlib import Path
from typing import IO, Final

from aiodocker import Docker
from channels.layers import get_channel_layer
from django.core.exceptions import PermissionDenied
from django.db.models import F
from django.http import Http404
from django.utils.translation import gettext as _

from dashboard.access.rights import Rights
from dashboard.accounts.models import User
from dashboard.hosts.client import EngineFailure, engine
from dashboard.hosts.models import Host
from dashboard.terminal import ending, execs, registry, rows
from dashboard.terminal.access import make_ticket, read_ticket
from dashboard.terminal.models import Terminal
from dashboard.terminal.protocol import Close, Reason
from dashboard.terminal.queries import visible_to
from dashboard.terminal.refusal import Refused

_CONTROL: Final = re.compile(r"[\x00-\x1f\x7f]+")
_TITLE_LENGTH: Final = 64
_BLOCK: Final = 1 << 18


async def lookup(user: User, rights: Rights, identifier: str) -> Terminal:
    """The terminal, if it is one that `user` may see; raises Http404."""
    try:
        return await visible_to(user, rights).aget(pk=identifier)
    except Terminal.DoesNotExist:
        raise Http404(_("No such terminal")) from None


async def still_live(host: Host, terminals: Sequence[Terminal]) -> list[Terminal]:
    """Those whose shell runs; the others' end is written down. All of them while the engine can't be asked."""
    try:
        async with engine(host) as docker:
            ends = await asyncio.gather(*(_end_of(docker, each) for each in terminals))
    except EngineFailure:
        return list(terminals)
    for terminal, close in zip(terminals, ends, strict=True):
        if close is not None:
            await rows.afinish(terminal, close)
    return [terminal for terminal, close in zip(terminals, ends, strict=True) if close is None]


async def _end_of(docker: Docker, terminal: Terminal) -> Close | None:
    if not terminal.lasts:
        held = registry.find(terminal.pk)
        return None if held is not None or await registry.is_alive(terminal.keeper) else Close(Reason.ENDED)
    close = await execs.end_of(docker, terminal.exec_id)
    return close if close.reason is Reason.ENDED else None


async def end(terminal: Terminal) -> None:
    """Raises EngineFailure when its engine can't be asked."""
    if terminal.ended is None:
        await ending.end(terminal, _("Ended from the list of terminals"))


async def shared(ticket: str) -> Terminal:
    """The terminal that a link leads to. Raises PermissionDenied for one that is no link of ours any more."""
    try:
        read = read_ticket(ticket)
    except Refused as refused:
        raise PermissionDenied(str(refused)) from refused
    found = await Terminal.live.select_related("host").filter(pk=read.terminal, share_epoch=read.epoch).afirst()
    if found is None or found.host is None:
        raise PermissionDenied(_("This terminal has ended, or is not shared any more"))
    return found


def ticket_for(terminal: Terminal, *, types: bool) -> str:
    """Raises Http404 for one that has ended."""
    if terminal.ended is not None:
        raise Http404(_("This terminal has ended"))
    return make_ticket(terminal, types=types)


async def unshare(terminal: Terminal) -> None:
    await Terminal.objects.filter(pk=terminal.pk).aupdate(share_epoch=F("share_epoch") + 1)
    layer = get_channel_layer()
    if layer is not None:
        message = {"type": "terminal.room", "what": "unshared", "client": ""}
        await layer.group_send(terminal.group, message)


async def rename(terminal: Terminal, title: str) -> str:
    """Give it a name: what is kept of `title`."""
    kept = _CONTROL.sub(" ", title).strip()[:_TITLE_LENGTH]
    await Terminal.objects.filter(pk=terminal.pk).aupdate(title=kept)
    return kept


async def read_recording(path: Path) -> AsyncIterator[bytes]:
    """Its bytes as they are now, block by block; raises Http404 where there is none, or none any more."""
    try:
        file = await asyncio.to_thread(path.open, "rb")
    except FileNotFoundError:
        raise Http404(_("There is no recording of this terminal, or it is too old to be kept")) from None
    return _blocks(file)


async def _blocks(file: IO[bytes]) -> AsyncIterator[bytes]:
    with file:
        while block := await asyncio.to_thread(file.read, _BLOCK):
            yield block
