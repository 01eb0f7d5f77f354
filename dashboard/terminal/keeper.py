"""What every web process does for terminals besides serving them: ends those that are to end, notes those that have
ended while nobody was there, and removes old recordings. All of it can be done twice, or by several at once.
"""

import asyncio
from collections import defaultdict
from collections.abc import Awaitable, Callable, Iterable
from time import monotonic
from typing import Final

import structlog
from asgiref.sync import sync_to_async
from channels.db import aclose_old_connections
from django.conf import settings
from django.contrib.sessions.models import Session
from django.db import DatabaseError
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext as _
from redis.exceptions import RedisError

from dashboard.hosts.client import EngineFailure, engine
from dashboard.hosts.models import Host
from dashboard.terminal import execs, recordings, registry, rows
from dashboard.terminal.access import permitted
from dashboard.terminal.ending import end
from dashboard.terminal.models import Kind, Terminal
from dashboard.terminal.protocol import Close, Reason
from dashboard.terminal.refusal import Refused

log = structlog.get_logger(__name__)

DOOM_SECONDS: Final = 3.0
LOOK_SECONDS: Final = 30.0
RECORDINGS_SECONDS: Final = 3600.0
ALIVE_SECONDS: Final = 20.0
#: Terminals of one round that are ended side by side.
_AT_ONCE: Final = 16


async def keep_terminals() -> None:
    """Do it all, for ever; once cancelled, hang up on what this process holds itself."""
    duties = {
        registry.say_alive: ALIVE_SECONDS,
        end_doomed: DOOM_SECONDS,
        look_after: LOOK_SECONDS,
        remove_old_recordings: RECORDINGS_SECONDS,
    }
    due = dict.fromkeys(duties, 0.0)
    try:
        while True:
            for duty in [each for each in duties if due[each] <= monotonic()]:
                await _do(duty)
                due[duty] = monotonic() + duties[duty]
            await asyncio.sleep(1)
    finally:
        await asyncio.gather(*(held.hang_up() for held in registry.all_held()), return_exceptions=True)


async def _do(duty: Callable[[], Awaitable[None]]) -> None:
    try:
        await duty()
    except (DatabaseError, RedisError, OSError) as error:
        log.warning("terminals not looked after", duty=duty.__name__, error=str(error))
    finally:
        await aclose_old_connections()


async def end_doomed() -> None:
    """End the terminals of those who signed out, or whose account is closed or gone."""
    lost = Q(doomed__isnull=False) | Q(owner=None) | Q(owner__is_active=False)
    found = [each async for each in Terminal.live.select_related("host", "owner").filter(lost)[:_AT_ONCE]]
    await asyncio.gather(*(_end(each) for each in found))


async def look_after() -> None:
    """Doom the terminals of sign-ins that are over and of users who lost the right; note which have ended."""
    await sync_to_async(_doom_without_login)()
    by_host: dict[Host, list[Terminal]] = defaultdict(list)
    async for terminal in Terminal.live.select_related("host", "owner"):
        if terminal.host is None:
            await rows.afinish(terminal, Close(Reason.ENDED, _("The host is not known any more")))
        else:
            by_host[terminal.host].append(terminal)
    await asyncio.gather(*(_look_at(host, terminals) for host, terminals in by_host.items()))


async def remove_old_recordings() -> None:
    """Those that are older than the installation keeps them."""
    await asyncio.to_thread(_remove_old, settings.TERMINAL_LIMITS.recording_age)


def _remove_old(age: float) -> None:
    for name in list(recordings.older_than(age)):
        recordings.remove(name)
        Terminal.objects.filter(pk=name).update(is_recorded=False)


def _doom_without_login() -> None:
    valid = Session.objects.filter(expire_date__gt=timezone.now()).values("session_key")
    Terminal.live.filter(doomed=None).exclude(login="").exclude(login__in=valid).update(doomed=timezone.now())


async def _end(terminal: Terminal) -> None:
    try:
        await end(terminal, _("Signed out, or not permitted any more"))
    except EngineFailure as failure:
        log.warning("terminal not ended yet", session=terminal.pk, error=failure.message)


async def _look_at(host: Host, terminals: Iterable[Terminal]) -> None:
    try:
        async with engine(host) as docker:
            for terminal in terminals:
                if await _is_permitted(host, terminal) and terminal.exec_id and registry.find(terminal.pk) is None:
                    close = await execs.end_of(docker, terminal.exec_id)
                    await _note(terminal, close)
                elif terminal.kind == Kind.ATTACH and not await registry.is_alive(terminal.keeper):
                    await rows.afinish(terminal, Close(Reason.ENDED, _("The console was restarted")))
    except EngineFailure as failure:
        log.info("terminals of %s not looked after", host.name, error=failure.message)


async def _is_permitted(host: Host, terminal: Terminal) -> bool:
    try:
        if terminal.owner is not None:
            await permitted(terminal.owner, host.name, terminal.container)
    except Refused as refused:
        if refused.close.reason is Reason.FORBIDDEN:
            await sync_to_async(rows.doom)(pk=terminal.pk)
        return False
    return True


async def _note(terminal: Terminal, close: Close) -> None:
    """An exec that runs is left alone, but one without its keeper: nobody can come to it any more."""
    if close.reason is Reason.ENDED:
        await rows.afinish(terminal, close)
    elif not terminal.lasts and not await registry.is_alive(terminal.keeper):
        await sync_to_async(rows.doom)(pk=terminal.pk)
