"""The Celery application. One worker process serves the queue of one host or more:

    celery -A workers.app worker -Q host.local --without-gossip --without-mingle

A job is a coroutine in a thread of the process: it waits for engines most of its life.
"""

import os

import django
from celery import Celery

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "dashboard.settings")
django.setup()

from dashboard.jobs import broker  # noqa: E402  # needs Django's settings

app = Celery("portside", broker=broker.url(), include=["workers.pull", "workers.run", "workers.service"])
app.conf.update(
    worker_pool="threads",
    worker_concurrency=8,
    # A message stays with the broker until its job has ended, and a worker holds no more than it works on. A second
    # delivery is harmless: the job is claimed in the database.
    task_acks_late=True,
    task_reject_on_worker_lost=True,
    worker_prefetch_multiplier=1,
    task_ignore_result=True,
    broker_connection_retry_on_startup=True,
    # The work goes on while Redis is away: the claim is in the database, the output waits in memory.
    worker_cancel_long_running_tasks_on_connection_loss=False,
    timezone="UTC",
)
