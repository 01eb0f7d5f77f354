"""Who may have which job done: every kind × every role, projects, policies; with a stand-in for the engine."""

from typing import Any

import pytest
from asgiref.sync import async_to_sync
from django.core.exceptions import PermissionDenied
from django.http import Http404
from django.test import Client

from dashboard.access.models import Owned, Project
from dashboard.access.objects import Kind as ObjectKind
from dashboard.access.ownership import LABEL
from dashboard.access.permissions import Permission, Role
from dashboard.access.rights import ALL, NONE, Rights, rights_of
from dashboard.hosts.models import Host
from dashboard.jobs.door import Admission, admit
from dashboard.jobs.models import Job
from dashboard.jobs.ownership import settle
from dashboard.jobs.params import Kind, validated
from tests.dashboard.people import browser_of, person
from tests.dashboard.standin import StandIn, inspected, listed, network, volume

MINE, THEIRS = "a" * 64, "b" * 64
IMAGE = "sha256:" + "1" * 64
SAMPLES: dict[Kind, dict[str, Any]] = {
    Kind.PULL: {"reference": "busybox"},
    Kind.PUSH: {"reference": "registry.example/app:1"},
    Kind.RUN: {"image": "busybox"},
    Kind.BUILD: {"source": {"type": "inline", "files": {"Dockerfile": "FROM scratch"}}},
    Kind.EXEC: {"container": MINE, "argv": ["true"]},
    Kind.COMMIT: {"container": MINE, "reference": "app:1"},
    Kind.SAVE: {"images": ["busybox"]},
    Kind.LOAD: {"archive": "12345678-1234-5678-1234-567812345678"},
    Kind.PRUNE: {"objects": ["images"]},
    Kind.REDEPLOY: {"references": ["app:1"]},
}


def ask(rights: Rights, kind: Kind, project: str = "", **changes: Any) -> Admission:
    found: Admission = async_to_sync(admit)(rights, kind, "local", validated(kind, SAMPLES[kind] | changes), project)
    return found


def on_local(*permissions: Permission) -> Rights:
    return Rights(hosts={"local": frozenset({Permission.SEE, *permissions})})


@pytest.fixture
def shop(local: Host, standin: StandIn) -> Project:
    project = Project.objects.create(slug="shop", policy={"bind_paths": ["/srv/shop"]})
    project.hosts.add(local)
    standin.containers = [listed(MINE, "mine"), listed(THEIRS, "theirs")]
    for one, name in ((MINE, "mine"), (THEIRS, "theirs")):
        standin.details |= {one: inspected(one, name), name: inspected(one, name)}
    standin.volumes = [volume("ours", Labels={LABEL: "shop"}), volume("others")]
    standin.networks = [network("5" * 64, "inner", Labels={LABEL: "shop"}), network("6" * 64, "outer")]
    Owned.objects.create(project=project, host=local, kind=ObjectKind.CONTAINER, object_id=MINE)
    return project


@pytest.fixture
def member(shop: Project) -> Rights:
    return rights_of(person("ada", Role.MAINTAINER, project=shop))


def test_each_kind_has_a_sample() -> None:
    assert set(SAMPLES) == set(Kind)


@pytest.mark.parametrize("kind", list(Kind))
@pytest.mark.parametrize("role", list(Role))
def test_a_role_opens_the_kinds_that_it_permits(local: Host, kind: Kind, role: Role) -> None:
    rights = on_local(*role.permissions)
    if kind.permission in role.permissions:
        assert ask(rights, kind) == Admission(local, None)
    else:
        with pytest.raises(PermissionDenied):
            ask(rights, kind)


@pytest.mark.parametrize("kind", list(Kind))
def test_a_stranger_learns_of_no_host(local: Host, kind: Kind) -> None:
    with pytest.raises(Http404):
        ask(NONE, kind)


@pytest.mark.parametrize("changes", [{"mounts": [{"source": "/etc", "target": "/x"}]}, {"network": "host"}], ids=str)
def test_what_is_root_on_the_host_needs_more_than_run(local: Host, changes: dict[str, Any]) -> None:
    with pytest.raises(PermissionDenied, match="not allowed"):
        ask(on_local(Permission.RUN), Kind.RUN, **changes)
    ask(on_local(Permission.RUN, Permission.PRIVILEGED_RUN), Kind.RUN, **changes)
    ask(ALL, Kind.RUN, **changes)


def test_a_project_s_people_run_for_it(member: Rights, shop: Project) -> None:
    assert ask(member, Kind.RUN).project == shop
    assert ask(member, Kind.PULL).project == shop


def test_a_project_that_is_not_one_s_own(member: Rights) -> None:
    with pytest.raises(PermissionDenied, match="Say for which"):
        ask(member, Kind.RUN, "bank")
    with pytest.raises(Http404, match="No such project: bank"):
        ask(ALL, Kind.RUN, "bank")


@pytest.mark.parametrize("kind", [Kind.PRUNE, Kind.BUILD, Kind.LOAD, Kind.SAVE, Kind.PUSH])
def test_what_reaches_all_of_the_host_is_not_for_projects(member: Rights, kind: Kind) -> None:
    with pytest.raises(PermissionDenied):
        ask(member, kind)


@pytest.mark.parametrize(
    ("changes", "is_allowed"),
    [
        ({"mounts": [{"source": "/srv/shop/x", "target": "/x"}]}, True),
        ({"mounts": [{"source": "/srv/shop/../x", "target": "/x"}]}, False),
        ({"mounts": [{"source": "ours", "target": "/x"}]}, True),
        ({"mounts": [{"source": "fresh", "target": "/x"}]}, True),
        ({"mounts": [{"source": "others", "target": "/x"}]}, False),
        ({"network": "inner"}, True),
        ({"network": "outer"}, False),
        ({"network": "host"}, False),
        ({"network": "none"}, True),
    ],
    ids=str,
)
def test_what_a_project_s_container_may_use(member: Rights, changes: dict[str, Any], *, is_allowed: bool) -> None:
    if is_allowed:
        ask(member, Kind.RUN, **changes)
    else:
        with pytest.raises(PermissionDenied):
            ask(member, Kind.RUN, **changes)


def test_another_project_s_image_is_not_run(member: Rights, local: Host, standin: StandIn) -> None:
    standin.image_details = {"busybox": {"Id": IMAGE}}
    ask(member, Kind.RUN)
    bank = Project.objects.create(slug="bank")
    Owned.objects.create(project=bank, host=local, kind=ObjectKind.IMAGE, object_id=IMAGE)
    with pytest.raises(PermissionDenied, match="another project's"):
        ask(member, Kind.RUN)


@pytest.mark.parametrize("kind", [Kind.EXEC, Kind.COMMIT])
def test_a_container_of_the_project_and_no_other(member: Rights, shop: Project, kind: Kind) -> None:
    assert ask(member, kind, container="mine").project == shop
    with pytest.raises(Http404, match="No such container"):
        ask(member, kind, container="theirs")


def test_what_a_job_made_is_its_project_s(shop: Project, local: Host) -> None:
    job = Job.objects.create(kind=Kind.RUN, host=local, params={"image": "busybox"}, project=shop)
    settle(job.pk, {"container": THEIRS, "image": IMAGE, "name": "web"})
    settle(job.pk, {"container": THEIRS, "image": IMAGE, "name": "web"})
    owned = set(Owned.objects.values_list("kind", "object_id"))
    assert owned == {("container", MINE), ("container", THEIRS), ("image", IMAGE)}


class TestPages:
    @pytest.fixture
    def browser(self, shop: Project) -> Client:
        return browser_of(person("ada", Role.OPERATOR, project=shop))

    def test_the_run_form_says_what_is_not_allowed(self, browser: Client) -> None:
        answer = browser.post("/hosts/local/containers/run/", {"image": "busybox", "volumes": "/etc:/x"})
        assert "mounting /etc of the host is not allowed" in answer.content.decode()
        assert not Job.objects.exists()

    def test_a_run_is_for_the_project(self, browser: Client, shop: Project) -> None:
        assert browser.post("/hosts/local/containers/run/", {"image": "busybox"}).status_code == 302
        job = Job.objects.get()
        assert job.project == shop
        teammate = browser_of(person("grace", Role.VIEWER, project=shop))
        assert teammate.get(job.get_absolute_url()).status_code == 200
        stranger = browser_of(person("eve", Role.MAINTAINER, project=Project.objects.create(slug="bank")))
        assert stranger.get(job.get_absolute_url()).status_code == 404

    def test_a_pull_is_for_the_project(self, browser: Client, shop: Project) -> None:
        assert browser.post("/hosts/local/images/pull/", {"image": "busybox"}).status_code == 302
        assert Job.objects.get().project == shop

    def test_a_volume_is_no_way_around(self, browser: Client, standin: StandIn) -> None:
        given = {"name": "v", "driver": "local", "options": "type=none\no=bind\ndevice=/etc"}
        answer = browser.post("/hosts/local/volumes/create/", given)
        assert answer.status_code == 422
        assert "mounting /etc of the host is not allowed" in answer.content.decode()
        assert standin.bodies == []
