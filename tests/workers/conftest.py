"""A console, an engine, a registry before which a gate can stand, and workers: threads of the test, or processes."""

import asyncio
import secrets
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from django.db import connection

from dashboard.hosts.models import Host
from dashboard.jobs.models import Job
from dashboard.jobs.output import archive
from dashboard.jobs.output.entries import START, Entry, Line, decode
from dashboard.jobs.states import State
from tests.support import oci, session, waiting
from tests.support.docker_cli import Docker
from tests.support.engine import EngineProcess
from tests.support.jobs import Console, console, make_job, user
from tests.support.registry import Registry
from tests.workers.gate import Gate
from tests.workers.process import WorkerProcess
from workers import job as machinery
from workers.build import Build
from workers.commit import Commit
from workers.execute import Execute
from workers.load import Load
from workers.prune import Prune
from workers.pull import Pull
from workers.push import Push
from workers.redeploy import Redeploy
from workers.run import Run
from workers.save import Save
from workers.work import Work

__all__ = ["console", "make_job", "user"]

WORKS: dict[str, type[Work]] = {
    "pull": Pull,
    "push": Push,
    "run": Run,
    "build": Build,
    "exec": Execute,
    "commit": Commit,
    "save": Save,
    "load": Load,
    "prune": Prune,
    "redeploy": Redeploy,
}


@pytest.fixture
def host(engine: EngineProcess, db: None) -> Host:
    """The test's engine, under a name of its own: its queue in the shared Redis holds nobody else's messages."""
    return Host.objects.create(name=f"h{engine.root.name}".lower().replace("_", "-"), url=f"unix://{engine.socket}")


@pytest.fixture
def docker(engine: EngineProcess) -> Docker:
    return engine.docker


@pytest.fixture
def gates() -> Iterator[ExitStack]:
    with ExitStack() as stack:
        yield stack


@pytest.fixture
def fresh_image(registry: Registry, busybox_layout: Path, docker: Docker) -> Iterator[str]:
    """The reference of an image of two layers, neither of which any engine has seen."""
    folder = session.directory("image")
    tree = folder / "tree"
    tree.mkdir()
    (tree / "unique").write_text(secrets.token_hex())
    layout = oci.Layout.create(folder / "layout")
    upper = layout.add_tree(tree)
    (tree / "unique").write_text(secrets.token_hex())
    layers = [*layout.adopt_layers(oci.Layout(busybox_layout)), upper, layout.add_tree(tree)]
    layout.finish(layers, {"Cmd": ["sh"]}, ["busybox", "one", "two"])
    reference = registry.push(layout.path, f"fresh:{secrets.token_hex(4)}")
    yield reference
    docker("image", "rm", "--force", reference)


@dataclass(frozen=True)
class HeldImage:
    """An image that the engine does not have, behind a gate that holds the registry's first blob."""

    gate: Gate
    reference: str


@pytest.fixture
def held_image(gates: ExitStack, registry: Registry, fresh_image: str, docker: Docker) -> Iterator[HeldImage]:
    gate = gates.enter_context(
        Gate(lambda: asyncio.open_connection("127.0.0.1", registry.port), request=b"/blobs/", answer=True)
    )
    gate.listen_on()
    reference = f"127.0.0.1:{gate.port}/{fresh_image.partition('/')[2]}"
    yield HeldImage(gate, reference)
    docker("image", "rm", "--force", reference)


@pytest.fixture
def sleeper(busybox: str) -> dict[str, Any]:
    """Parameters of a run job whose container stays."""
    return {"image": busybox, "command": ["sleep", "1000"], "network": "none", "environment": {"TOKEN": "hunter22"}}


@pytest.fixture
def engine_gate(gates: ExitStack, host: Host, engine: EngineProcess) -> Callable[..., Gate]:
    """Puts a gate before the engine: the host is reached through it from then on."""

    def place(request: bytes, *, answer: bool = False) -> Gate:
        path = session.directory("gate") / "engine.sock"
        gate = gates.enter_context(
            Gate(lambda: asyncio.open_unix_connection(engine.socket), request=request, answer=answer)
        )
        gate.listen_on(path)
        host.url = f"unix://{path}"
        host.save()
        return gate

    return place


@pytest.fixture
def work() -> Iterator[Callable[[Job], threading.Thread]]:
    """Does a job as a worker would, in a thread; it is waited for at the end of the test."""
    threads: list[threading.Thread] = []

    def start(job: Job) -> threading.Thread:
        def body() -> None:
            try:
                machinery.run(str(job.pk), WORKS[job.kind]())
            finally:
                connection.close()

        thread = threading.Thread(target=body, name=f"job {job.pk}")
        thread.start()
        threads.append(thread)
        return thread

    yield start
    for thread in threads:
        thread.join(60)
        assert not thread.is_alive()


@pytest.fixture
def worker(console: Console, host: Host) -> Iterator[Callable[[], WorkerProcess]]:
    """Starts worker processes for the test's host."""
    with ExitStack() as stack:
        yield lambda: stack.enter_context(WorkerProcess(host, console))


def come_to(job: Job, *states: State, seconds: float = 60) -> None:
    """Wait until the job is in one of the states; fail at once when it ends otherwise."""

    def arrived() -> bool:
        job.refresh_from_db()
        assert job.status in states or not job.status.is_final, f"{job.state}: {job.error}"
        return job.status in states

    waiting.until(f"job {job.pk} to be {' or '.join(states)}", arrived, seconds=seconds)


def said(job: Job) -> list[str]:
    """The lines of a finished job's log."""
    return [line for entry in output(job) if isinstance(entry, Line) for line in entry.text.split("\n")]


def output(job: Job) -> list[Entry]:
    waiting.until("the archive", lambda: archive.path_of(job.pk).exists(), seconds=10)
    return [decode(data) for _id, data in archive.read(job.pk, START)]
