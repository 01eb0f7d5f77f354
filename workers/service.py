"""What a worker does beside its jobs: the reaper's and the planner's rounds, and letting go when told to stop."""

import logging
import threading
from collections.abc import Callable
from typing import Any, Final

from celery.signals import worker_ready, worker_shutting_down
from django.db import DatabaseError, close_old_connections
from django.utils import timezone
from kombu.exceptions import OperationalError
from redis.exceptions import RedisError

from dashboard.jobs import files
from dashboard.jobs.output import archive
from dashboard.schedules import rounds
from workers import reaper
from workers.context import scratch
from workers.heartbeat import stopping

log = logging.getLogger(__name__)

#: Seconds between two rounds of the reaper.
PERIOD: Final = 5.0


def _start(**_signal: Any) -> None:
    threading.Thread(target=_make_rounds, name="reaper", daemon=True).start()
    threading.Thread(target=_make_plans, name="planner", daemon=True).start()


def _stop(**_signal: Any) -> None:
    stopping.set()


def _make_rounds() -> None:
    _try(_sweep)
    while not stopping.is_set():
        _try(reaper.make_round)
        stopping.wait(PERIOD)


def _make_plans() -> None:
    """What happens by itself: on the console's machine alone, which has the keys of secrets and reaches every host.

    Not in the reaper's thread: a registry that is slow to answer must keep no job waiting.
    """
    while not stopping.is_set():
        if files.is_here():
            _try(_plan)
        stopping.wait(PERIOD)


def _plan() -> None:
    rounds.make_round(timezone.now())


def _sweep() -> None:
    """What workers that were killed left behind, and what has been kept long enough."""
    scratch.sweep()
    if files.is_here():
        archive.sweep()
        for shelf in (files.UPLOADS, files.SAVED):
            shelf.sweep()


def _try(action: Callable[[], None]) -> None:
    try:
        action()
    except (DatabaseError, OperationalError, RedisError, OSError) as error:
        # Whatever is away now comes back, or its own log says why not; the next round makes up for this one.
        log.warning("A round of the %s was cut short: %s", threading.current_thread().name, error)
    except Exception:
        # A defect of ours: without these rounds, jobs would wait for ever, and nobody would know why.
        log.exception("A round of the %s failed on a defect", threading.current_thread().name)
    finally:
        close_old_connections()


worker_ready.connect(_start)
worker_shutting_down.connect(_stop)
