"""The start page, with a stand-in for the engine."""

import pytest
from django.test import Client

from dashboard.accounts.models import User
from dashboard.hosts.models import Host
from dashboard.jobs.models import Job
from dashboard.jobs.params import Kind
from tests.dashboard.standin import StandIn, listed, network, volume

PAGE = "/hosts/local/"


@pytest.fixture(autouse=True)
def engine(local: Host, standin: StandIn) -> None:
    standin.containers = [
        listed("a" * 64, "web"),
        listed("b" * 64, "api"),
        listed("c" * 64, "old", state="exited"),
    ]
    standin.volumes = [volume("data")]
    standin.networks = [network("1" * 64, "bridge")]
    standin.info = {
        "ServerVersion": "1.2.3",
        "Driver": "overlay2",
        "KernelVersion": "6.18.0",
        "NCPU": 2,
        "MemTotal": 8_300_000_000,
        "DockerRootDir": "/var/lib/portside",
        "Images": 41,
        "Warnings": ["No swap limit support"],
    }


def text(client: Client, page: str) -> str:
    response = client.get(page)
    assert response.status_code == 200
    return response.content.decode()


def test_the_day_begins_here(signed_in: Client) -> None:
    assert signed_in.get("/")["Location"] == PAGE


def test_counts_by_state(signed_in: Client) -> None:
    page = text(signed_in, PAGE)
    assert "2 running</a>" in page
    assert "1 exited</a>" in page
    assert "paused</a>" not in page
    assert "?state=exited" in page


def test_tells_the_engines_facts(signed_in: Client) -> None:
    page = text(signed_in, PAGE + "glance/")
    for fact in ("1.2.3", "overlay2", "6.18.0", "8.3 GB", "/var/lib/portside", "41", "No swap limit support"):
        assert fact in page


def test_shows_jobs_under_way_alone(signed_in: Client, owner: User, local: Host) -> None:
    for image, state in (("waits:1", "queued"), ("works:1", "running"), ("done:1", "succeeded")):
        Job.objects.create(kind=Kind.PULL, host=local, requested_by=owner, params={"image": image}, state=state)
    rows = text(signed_in, PAGE + "jobs/")
    assert "waits:1" in rows
    assert "works:1" in rows
    assert "done:1" not in rows


def test_says_when_no_job_is_under_way(signed_in: Client) -> None:
    assert "No job is under way" in text(signed_in, PAGE)


def test_an_engine_that_is_away_is_told(signed_in: Client) -> None:
    Host.objects.filter(name="local").update(url="unix:///nowhere.sock")
    assert signed_in.get(PAGE).status_code == 503
