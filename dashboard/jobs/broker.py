"""The way to the workers: a message by name on the host's queue. The console knows nothing else of them."""

import logging
from functools import cache
from typing import Final

from celery import Celery
from django.conf import settings
from django.utils import timezone
from kombu.exceptions import OperationalError

from dashboard.jobs import turns
from dashboard.jobs.models import Job
from dashboard.jobs.origin import Priority
from dashboard.jobs.params import Kind

log = logging.getLogger(__name__)

_UNIX: Final = "unix://"
#: Redis has no priorities: each step is a list of its own, and a worker looks into them in this order.
PRIORITY_STEPS: Final = tuple(int(priority) for priority in Priority)


def url() -> str:
    """REDIS_URL, as Celery writes it: a unix socket is `redis+socket:///path`."""
    address: str = settings.REDIS_URL
    return f"redis+socket://{address.removeprefix(_UNIX)}" if address.startswith(_UNIX) else address


def send(job: Job) -> bool:
    """Tell the workers of the job's host. False: the broker does not answer; the job waits, and is sent again later.

    Any number of messages does a job's work once: the first claims it.
    """
    row = Job.objects.filter(pk=job.pk)
    row.update(sent=timezone.now())
    try:
        _app(url()).send_task(
            Kind(job.kind).task,
            args=[str(job.pk)],
            task_id=str(job.pk),
            queue=job.queue,
            priority=job.priority,
            ignore_result=True,
            retry=False,
        )
    except OperationalError as error:
        log.warning("Job %s waits for the broker: %s", job.pk, error)
        row.update(sent=None)
        return False
    return True


def ring(host: int) -> None:
    """Send again for the jobs of a host that have room now: those that came before there was any."""
    for job in Job.objects.filter(pk__in=turns.next_for(host)).select_related("host"):
        send(job)


def waiting(queue: str) -> int:
    """How many messages wait in `queue`. Raises OperationalError when the broker does not answer."""
    with _app(url()).connection_for_read() as connection, connection.channel() as channel:
        try:
            return int(channel.queue_declare(queue=queue, passive=True).message_count)
        except connection.channel_errors:
            # Redis has no empty lists: a queue without messages does not exist.
            return 0


@cache
def _app(broker: str) -> Celery:
    app = Celery("portside.console", broker=broker, set_as_current=False)
    # A view must not wait for seconds for a broker that is away: the reaper sends again.
    app.conf.broker_transport_options = {"max_retries": 0, "priority_steps": PRIORITY_STEPS}
    return app
