"""A worker as users have it: a Celery process that serves one host."""

import sys

from dashboard.hosts.models import Host
from tests.support.jobs import Console
from tests.support.process import Child


class WorkerProcess(Child):
    """`pid` is the one that a test kills: the whole worker is one process."""

    def __init__(self, host: Host, console: Console) -> None:
        options = ["--without-gossip", "--without-mingle", "--loglevel", "INFO"]
        argv = [sys.executable, "-m", "celery", "-A", "workers.app", "worker", "-Q", f"host.{host.name}", *options]
        super().__init__("worker", argv, env=console.environment)
        self.wait_for("its start", lambda: " ready." in self.output())
