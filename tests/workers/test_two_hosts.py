"""Two engines, a worker for each, one console. The second worker is told of Redis, the database and its host's name."""

import sys

import pytest

from dashboard.hosts.models import Host
from dashboard.jobs import actions
from dashboard.jobs.output import archive
from dashboard.jobs.params import Kind
from dashboard.jobs.states import State
from tests.support import session, waiting
from tests.support.process import Child
from tests.workers.conftest import come_to, said
from workers import reaper

pytestmark = [pytest.mark.root, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def other(make_engine):
    return make_engine()


@pytest.fixture
def far(other, db) -> Host:
    return Host.objects.create(name=f"far{other.root.name}".lower().replace("_", "-"), url=f"unix://{other.socket}")


@pytest.fixture
def far_worker(console, far):
    """Nothing of the console's but what reaches it over a network; its own home is another one."""
    environment = {name: console.environment[name] for name in ("REDIS_URL", "DATABASE_URL")}
    environment["PORTSIDE_HOME"] = str(session.directory("far"))
    argv = [sys.executable, "-m", "celery", "-A", "workers.app", "worker", "-Q", f"host.{far.name}"]
    argv += ["--without-gossip", "--without-mingle", "--loglevel", "INFO"]
    with Child("far", argv, env=environment) as worker:
        worker.wait_for("its start", lambda: " ready." in worker.output())
        yield worker


@pytest.fixture
def run(user, busybox):
    """Asks for a container on a host."""
    return lambda where, name: actions.enqueue(
        Kind.RUN, where, user, {"image": busybox, "name": name, "network": "none"}
    )


@pytest.fixture
def near_worker(worker) -> None:
    worker()


@pytest.mark.usefixtures("near_worker", "far_worker")
def test_each_does_its_own_host_s_jobs(host, far, other, run, docker) -> None:
    here, there = run(host, "here"), run(far, "there")
    come_to(here, State.SUCCEEDED)
    come_to(there, State.SUCCEEDED)
    assert docker("ps", "--all", "--format", "{{.Names}}") == "here"
    assert other.docker("ps", "--all", "--format", "{{.Names}}") == "there"
    other.remove_containers()
    waiting.until("the console's own worker to archive it", lambda: archived(there), seconds=30)
    assert any("Started container there" in line for line in said(there))


def archived(job) -> bool:
    if not archive.path_of(job.pk).exists():
        reaper.make_round()
        return False
    return True
