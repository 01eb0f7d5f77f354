"""Containers made anew from a newer image, on a real engine; and the whole way there from a base that moved."""

import json
import secrets
import uuid
from typing import Any

import pytest
from django.utils import timezone

from dashboard.builds import running, saving
from dashboard.builds.definition import Definition
from dashboard.jobs import actions
from dashboard.jobs.models import Job
from dashboard.jobs.origin import A_PAGE, Origin
from dashboard.jobs.params import Kind
from dashboard.jobs.states import State
from dashboard.schedules import rounds
from dashboard.schedules.models import Base
from tests.support import oci, session, waiting
from tests.workers.conftest import come_to, said
from workers.succession import LABEL

#: `sleep` hears no SIGTERM where it is the first process, and would be waited for.
SWIFT = ("--stop-signal", "KILL")
pytestmark = [pytest.mark.root, pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("console")]


@pytest.fixture
def version(busybox, docker):
    """Makes an image of this name, with a command and an environment of its own."""
    docker("pull", "--quiet", busybox)
    docker("create", "--name", "mould", busybox)
    name = f"app:{uuid.uuid4().hex[:8]}"

    def make(*changes: str) -> str:
        options = [word for change in changes for word in ("--change", change)]
        docker("commit", *options, "mould", name)
        return name

    yield make
    docker("rm", "mould")


@pytest.fixture
def redeployed(make_job, work):
    def run(reference, *, state: State = State.SUCCEEDED, result=None, **params: Any) -> Job:
        params = {"references": [reference], "settling": 1, "privileged": True, **params}
        job: Job = make_job(kind=Kind.REDEPLOY, params=params, result=result or {})
        work(job).join()
        come_to(job, state)
        return job

    return run


def shown(docker, name: str) -> Any:
    return json.loads(docker("container", "inspect", name))[0]


def test_a_container_keeps_all_but_its_image(version, redeployed, docker) -> None:
    image = version("ENV OF_IMAGE=1", "CMD sleep 1000", "VOLUME /kept")
    docker("network", "create", "back")
    docker("network", "create", "front")
    options = ["--env", "MINE=x", "--volume", "data:/data", "--label", "a=b", "--memory", "64m", "--network", "back"]
    docker("run", "-d", *SWIFT, "--name", "web", "--network-alias", "www", "--restart", "always", *options, image)
    docker("network", "connect", "front", "web")
    docker("exec", "web", "sh", "-c", "echo words > /kept/words; echo more > /data/more")
    old = shown(docker, "web")
    version("ENV OF_IMAGE=2", "CMD sleep 2000", "VOLUME /kept")
    job = redeployed(image)
    new = shown(docker, "web")
    assert job.result["redeployed"] == {"web": new["Id"]}
    assert (new["Id"] != old["Id"], new["Image"] != old["Image"]) == (True, True)
    assert {"OF_IMAGE=2", "MINE=x"} <= set(new["Config"]["Env"])
    assert "OF_IMAGE=1" not in new["Config"]["Env"]
    assert new["Config"]["Cmd"][-1] == "sleep 2000"
    assert (new["Config"]["Labels"]["a"], new["HostConfig"]["Memory"]) == ("b", 64 * 1024**2)
    assert new["HostConfig"]["RestartPolicy"] == old["HostConfig"]["RestartPolicy"]
    assert set(new["NetworkSettings"]["Networks"]) == {"back", "front"}
    assert "www" in new["NetworkSettings"]["Networks"]["back"]["Aliases"]
    assert docker("exec", "web", "cat", "/kept/words", "/data/more").split() == ["words", "more"]
    assert docker("ps", "--all", "--quiet", "--filter", "status=running").count("\n") == 0


def test_one_that_is_no_good_gives_way_to_the_old_one_and_it_is_said_why(version, redeployed, docker) -> None:
    image = version("CMD sleep 1000")
    docker("run", "-d", *SWIFT, "--network", "none", "--name", "web", image)
    old = shown(docker, "web")["Id"]
    version('CMD ["sh", "-c", "echo no config >&2; exit 3"]')
    job = redeployed(image, state=State.FAILED)
    assert "web: the new container ended with exit code 3; the old container runs again" in job.error
    assert "no config" in said(job)
    assert (shown(docker, "web")["Id"], shown(docker, "web")["State"]["Running"]) == (old, True)
    assert len(docker("ps", "--all", "--quiet", "--filter", f"label={LABEL}").split()) == 0


def test_health_is_waited_for(version, redeployed, docker) -> None:
    image = version("CMD sleep 1000")
    check = ["--health-cmd", "test -e /well", "--health-interval", "200ms", "--health-retries", "2"]
    docker("run", "-d", *SWIFT, "--network", "none", "--name", "web", *check, image)
    version('CMD ["sh", "-c", "touch /well; sleep 2000"]')
    redeployed(image)
    assert shown(docker, "web")["State"]["Health"]["Status"] == "healthy"
    version("CMD sleep 3000")
    job = redeployed(image, state=State.FAILED)
    assert "unhealthy" in job.error
    assert shown(docker, "web")["Config"]["Cmd"][-1] == "touch /well; sleep 2000"


def test_what_may_not_be_replaced_is_left_alone_and_it_is_said_why(version, redeployed, docker) -> None:
    image = version("CMD sleep 1000")
    docker("run", "-d", *SWIFT, "--rm", "--network", "none", "--name", "brief", image)
    docker("run", "-d", *SWIFT, "--privileged", "--network", "none", "--name", "mighty", image)
    docker("run", "-d", *SWIFT, "--network", "none", "--name", "plain", image)
    version("CMD sleep 2000")
    job = redeployed(image, privileged=False)
    assert sorted(job.result["left"]) == ["brief", "mighty"], job.result["left"]
    assert "privileged" in job.result["left"]["mighty"]
    assert list(job.result["redeployed"]) == ["plain"]


def test_an_attempt_that_follows_goes_on_where_the_first_was_cut_off(version, make_job, work, docker, engine_gate):
    image = version("CMD sleep 1000")
    docker("run", "-d", *SWIFT, "--network", "none", "--name", "web", image)
    old = shown(docker, "web")["Id"]
    version("CMD sleep 2000")
    for request in (b"/rename", b"/containers/create", b"/stop", b"/start"):
        gate = engine_gate(request)
        job = make_job(kind=Kind.REDEPLOY, params={"references": [image], "settling": 0, "privileged": True})
        thread = work(job)
        assert gate.held.wait(30)
        # As after `kill -9`: the claim is lost, and nothing is undone.
        type(job).objects.filter(pk=job.pk).update(lease=uuid.uuid4(), state=State.LOST)
        thread.join(30)
        job.refresh_from_db()
        type(job).objects.filter(pk=job.pk).update(state=State.QUEUED, lease=None)
        gate.open()
        work(job).join()
        come_to(job, State.SUCCEEDED)
        now = shown(docker, "web")
        assert (now["Id"] != old, now["State"]["Running"]) == (True, True)
        assert docker("ps", "--all", "--format", "{{.Names}}").split().count("web") == 1
        old = now["Id"]
        version("CMD sleep 2000", f"LABEL for={request.decode()}")


def test_cancelled_it_brings_the_old_container_back(version, make_job, work, user, docker) -> None:
    image = version("CMD sleep 1000")
    docker("run", "-d", *SWIFT, "--network", "none", "--name", "web", image)
    old = shown(docker, "web")["Id"]
    version("CMD sleep 2000")
    job = make_job(kind=Kind.REDEPLOY, params={"references": [image], "settling": 600, "privileged": True})
    work(job)
    waiting.until("the new container", lambda: docker("ps", "--quiet", "--filter", f"label={LABEL}"), seconds=30)
    actions.cancel(job, user)
    come_to(job, State.CANCELLED)
    assert (shown(docker, "web")["Id"], shown(docker, "web")["State"]["Running"]) == (old, True)


@pytest.fixture
def pushed_base(registry, busybox_layout):
    """Pushes an image of this name that is different each time."""

    def push() -> str:
        tree = session.directory("base") / "tree"
        tree.mkdir()
        (tree / "unique").write_text(secrets.token_hex())
        layout = oci.Layout.create(tree.parent / "layout")
        layers = [*layout.adopt_layers(oci.Layout(busybox_layout)), layout.add_tree(tree)]
        layout.finish(layers, {"Cmd": ["sh"]}, ["busybox", "unique"])
        reference: str = registry.push(layout.path, name)
        return reference

    name = f"base:{secrets.token_hex(4)}"
    return push


def test_a_base_that_moves_is_built_upon_and_what_runs_is_redeployed(pushed_base, worker, host, user, docker) -> None:
    base = pushed_base()
    tag = f"site:{uuid.uuid4().hex[:8]}"
    source = {"type": "inline", "files": {"Dockerfile": f"FROM {base}\nCMD sleep 1000\n"}}
    definition = Definition.model_validate({"source": source, "tags": [tag], "watch": True, "redeploy": True})
    build = saving.create(host, user, "site", definition)
    with worker():
        first = running.start(build, running.admitted_by_owner(build), user, by=A_PAGE, cause="")
        come_to(first.job, State.SUCCEEDED)
        waiting.until("the first redeployment", lambda: _is_over(first), seconds=30)
        waiting.until("the base to be known", lambda: Base.objects.exclude(digest="").exists(), seconds=30)
        docker("run", "-d", *SWIFT, "--network", "none", "--name", "web", "--volume", "data:/data", tag)
        docker("exec", "web", "touch", "/data/kept")
        before = docker("exec", "web", "cat", "/unique")
        pushed_base()
        Base.objects.update(due=timezone.now())
        rounds.make_round(timezone.now())
        second = build.runs.first()
        assert second is not None
        assert (second.job.origin, second.cause.partition(" ")[0]) == (Origin.SCHEDULE, base)
        come_to(second.job, State.SUCCEEDED)
        waiting.until("the redeployment", lambda: _is_over(second), seconds=30)
    assert docker("exec", "web", "cat", "/unique") != before
    docker("exec", "web", "ls", "/data/kept")


def _is_over(run) -> bool:
    """The worker makes rounds as well, some seconds later."""
    rounds.make_round(timezone.now())
    run.refresh_from_db()
    return run.redeployment is not None and run.redeployment.state == State.SUCCEEDED
