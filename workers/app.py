"""The Celery application. One worker process serves the queue of one host or more:

    celery -A workers.app worker -Q host.local --without-gossip --without-mingle

A job is a coroutine in a thread of the process: it waits for engines most of its life.
"""

import os

import django
from celery import Celery
from kombu.transport.redis import Channel

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "dashboard.settings")
django.setup()

from dashboard.jobs import broker  # noqa: E402  # needs Django's settings

# The broker rings the bell, and no more: a job is durable, claimed and retried in the database, and the reaper rings
# again where nobody came. So messages are not kept in Redis until they are acknowledged, nor restored when a connection
# breaks. Both go through the broken connection in kombu 5.7, of which the worker dies (AttributeError).
Channel.do_restore = False

#: The modules of the kinds of jobs, and what a worker does beside them.
MODULES = ("pull", "push", "run", "build", "execute", "commit", "save", "load", "prune", "redeploy", "service")

app = Celery("portside", broker=broker.url(), include=[f"workers.{module}" for module in MODULES])
app.conf.update(
    worker_pool="threads",
    worker_concurrency=8,
    broker_transport_options={"ack_emulation": False, "priority_steps": broker.PRIORITY_STEPS},
    # Acknowledged when its job has ended, a message counts till then: a worker takes no more than it works on.
    task_acks_late=True,
    worker_prefetch_multiplier=1,
    task_ignore_result=True,
    broker_connection_retry_on_startup=True,
    broker_connection_max_retries=None,
    # The work goes on while Redis is away: the claim is in the database, the output waits in memory.
    worker_cancel_long_running_tasks_on_connection_loss=False,
    timezone="UTC",
)
