"""Watching the images that saved builds are made from: has one moved in its registry?

The host's own engine asks the registry, which costs it one small request without a body. One image is asked for once,
however many builds are made from it; where a registry does not answer, or has had enough, it is left alone for longer
each time.
"""

import asyncio
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import groupby
from typing import Final
from urllib.parse import quote

import aiohttp
from asgiref.sync import async_to_sync
from django.core.exceptions import PermissionDenied
from django.db import models, transaction
from django.utils.translation import gettext as _

from dashboard.builds import running
from dashboard.builds.models import Run
from dashboard.hosts.client import EngineFailure, engine
from dashboard.hosts.models import Host
from dashboard.jobs.origin import By, Origin
from dashboard.schedules.models import Base

#: Between two looks at one image.
PERIOD: Final = timedelta(minutes=15)
#: The longest that a registry is left alone.
LONGEST: Final = timedelta(days=1)
#: What waits for a run that is not over yet is looked at again after so long.
SOON: Final = timedelta(seconds=30)
#: Images that are asked for in one round, one after the other: a registry counts what an address asks for.
A_ROUND: Final = 10
#: Seconds for one answer.
PATIENCE: Final = 20
#: An engine wants the header of credentials even where there are none: this is `{}`.
_NO_CREDENTIALS: Final = {"X-Registry-Auth": "e30="}


@dataclass(frozen=True)
class Seen:
    """What a registry said of an image: its digest, or why there is none."""

    digest: str = ""
    error: str = ""


def check_due(now: datetime) -> list[Run]:
    """Ask for what is due; a build that is made from an image that has moved is run."""
    due = Base.objects.filter(due__lte=now).order_by("build__host", "reference", "pk")
    rows = due.select_related("build__host", "build__owner", "build__project")
    runs: list[Run] = []
    for place, (_key, group) in enumerate(groupby(rows, lambda base: (base.build.host_id, base.reference))):
        if place == A_ROUND:
            break
        bases = list(group)
        seen = ask(bases[0].build.host, bases[0].reference)
        runs += [run for base in bases if (run := take(base, seen, now)) is not None]
    return runs


def take(base: Base, seen: Seen, now: datetime) -> Run | None:
    """Note what was seen, and run the build where the image has moved; once, whoever else saw the same."""
    if seen.error:
        _note_failure(base, seen, now)
        return None
    fresh = {"checked": now, "failures": 0, "error": ""}
    if base.digest in {"", seen.digest}:
        _held(base).update(digest=seen.digest, due=now + PERIOD, **fresh)
        return None
    if running.is_busy(base.build):
        _held(base).update(due=now + SOON)
        return None
    with transaction.atomic():
        if not _held(base).update(digest=seen.digest, due=now + PERIOD, moved=now, **fresh):
            return None
        return _rebuild(base, seen)


def remember(build_run: Run, references: Iterable[str], now: datetime) -> None:
    """After a good build: watch what it was made from, and nothing else.

    An image that is new here is first asked for at once: what it is then, it was made from a moment ago.
    """
    build, wanted = build_run.build, set(references)
    Base.objects.filter(build=build).exclude(reference__in=wanted).delete()
    for reference in wanted:
        Base.objects.get_or_create(build=build, reference=reference, defaults={"due": now})


def pause_after(failures: int) -> timedelta:
    """How long a registry is left alone after so many failures in a row."""
    return min(PERIOD * (1 << min(failures, 10)), LONGEST)


def _rebuild(base: Base, seen: Seen) -> Run | None:
    build = base.build
    try:
        admission = running.admitted_by_owner(build)
    except PermissionDenied as refusal:
        Base.objects.filter(pk=base.pk).update(error=str(refusal))
        return None
    told = {"image": base.reference, "old": base.digest[:19], "new": seen.digest[:19]}
    cause = _("%(image)s moved from %(old)s to %(new)s") % told
    by = By(Origin.SCHEDULE, build.name)
    return running.start(build, admission, build.owner, by=by, cause=cause, pull=True)


def _note_failure(base: Base, seen: Seen, now: datetime) -> None:
    failures = base.failures + 1
    _held(base).update(checked=now, failures=failures, error=seen.error, due=now + pause_after(failures))


def _held(base: Base) -> models.QuerySet[Base]:
    """The row, as long as nobody else has changed it since it was read."""
    return Base.objects.filter(pk=base.pk, due=base.due, digest=base.digest)


@async_to_sync
async def ask(host: Host, reference: str) -> Seen:
    """What the registry has under this name now."""
    path = f"distribution/{quote(reference, safe='/:')}/json"
    try:
        async with asyncio.timeout(PATIENCE), engine(host) as docker:
            url = f"{docker.docker_host}/{docker.api_version}/{path}"
            async with docker.session.get(url, headers=_NO_CREDENTIALS) as response:
                return _read(response.status, await response.json(content_type=None))
    except TimeoutError:
        return Seen(error=_("No answer within %(seconds)d seconds") % {"seconds": PATIENCE})
    except (EngineFailure, aiohttp.ClientError, ValueError) as error:
        return Seen(error=str(error))


def _read(status: int, said: object) -> Seen:
    answer = said if isinstance(said, dict) else {}
    descriptor = answer.get("Descriptor") or {}
    if status >= 400 or not descriptor.get("digest"):
        return Seen(error=str(answer.get("message") or _("Status %(status)d") % {"status": status}))
    return Seen(digest=str(descriptor["digest"]))
