"""The way to the workers: a message by name on the host's queue. The console knows nothing else of them."""

import logging
from functools import cache
from typing import TYPE_CHECKING, Final

from celery import Celery
from django.conf import settings
from django.utils import timezone
from kombu.exceptions import OperationalError

from dashboard.jobs.params import Kind

if TYPE_CHECKING:
    from dashboard.jobs.models import Job

log = logging.getLogger(__name__)

_UNIX: Final = "unix://"


def url() -> str:
    """REDIS_URL, as Celery writes it: a unix socket is `redis+socket:///path`."""
    address: str = settings.REDIS_URL
    return f"redis+socket://{address.removeprefix(_UNIX)}" if address.startswith(_UNIX) else address


def send(job: "Job") -> bool:
    """Tell the workers of the job's host. False: the broker does not answer; the job waits, and is sent again later.

    Any number of messages does a job's work once: the first claims it.
    """
    row = type(job).objects.filter(pk=job.pk)
    row.update(sent=timezone.now())
    try:
        _app(url()).send_task(
            Kind(job.kind).task,
            args=[str(job.pk)],
            task_id=str(job.pk),
            queue=job.queue,
            ignore_result=True,
            retry=False,
        )
    except OperationalError as error:
        log.warning("Job %s waits for the broker: %s", job.pk, error)
        row.update(sent=None)
        return False
    return True


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
    app.conf.broker_transport_options = {"max_retries": 0}
    return app
