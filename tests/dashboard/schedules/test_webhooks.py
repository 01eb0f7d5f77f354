"""Webhooks: who may call, what for, and that the same call runs nothing twice."""

import json
import time
from datetime import timedelta

import pytest
from django.core.cache import cache
from django.test import Client
from django.utils import timezone

from dashboard.builds.models import Run
from dashboard.jobs.models import Job
from dashboard.jobs.origin import Origin
from dashboard.schedules import hooks, webhooks
from dashboard.schedules.models import Base, Delivery, Sender, Webhook
from dashboard.schedules.senders import signature
from tests.dashboard.builds.conftest import definition

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("console")]
PUSH = {"ref": "refs/heads/main", "after": "1f" * 20, "repository": {"default_branch": "main"}}
REGISTRY = {"events": [{"action": "push", "target": {"repository": "team/base", "tag": "1"}}]}
APP = "/hosts/local/builds/of/app/"


@pytest.fixture(autouse=True)
def nothing_counted() -> None:
    cache.clear()


@pytest.fixture
def hook(build):
    """Makes a webhook; answers its address and secret."""
    build.definition = definition(source={"type": "git", "url": "https://git.example/a.git"}).model_dump(mode="json")
    build.save()
    Base.objects.create(build=build, reference="r:5000/team/base:1", due=timezone.now())

    def make(sender: Sender) -> tuple[str, str]:
        made, secret = webhooks.create(build, sender)
        return made.path, secret

    return make


def sent(address: str, body: bytes, **headers: str):
    return Client(enforce_csrf_checks=True).post(address, body, content_type="application/json", headers=headers)


def proofs(sender: Sender, secret: str, body: bytes) -> dict[str, str]:
    stamp = str(int(time.time()))
    return {
        Sender.GITHUB: {"X-Hub-Signature-256": f"sha256={signature(secret, body)}"},
        Sender.GITEA: {"X-Gitea-Signature": signature(secret, body)},
        Sender.GITLAB: {"X-Gitlab-Token": secret},
        Sender.REGISTRY: {"Authorization": f"Bearer {secret}"},
        Sender.GENERIC: {
            "X-Portside-Timestamp": stamp,
            "X-Portside-Signature": f"sha256={signature(secret, stamp.encode() + b'.' + body)}",
        },
    }[sender]


@pytest.mark.parametrize("sender", list(Sender))
def test_who_has_the_secret_runs_the_build_once(hook, sender) -> None:
    address, secret = hook(sender)
    body = json.dumps(REGISTRY if sender is Sender.REGISTRY else PUSH).encode()
    headers = proofs(sender, secret, body)
    answer = sent(address, body, **headers)
    assert (answer.status_code, answer.json()["state"]) == (202, "queued")
    job = Job.objects.get(pk=answer.json()["job"])
    assert (job.origin, job.params["pull"]) == (Origin.WEBHOOK, sender is Sender.REGISTRY)
    again = sent(address, body, **headers)
    assert (again.status_code, again.json()) == (202, answer.json())
    assert Run.objects.count() == 1


@pytest.mark.parametrize("sender", list(Sender))
def test_who_has_it_not_runs_nothing(hook, sender) -> None:
    address, _secret = hook(sender)
    body = json.dumps(PUSH).encode()
    assert sent(address, body).status_code == 401
    assert sent(address, body, **proofs(sender, "guessed", body)).status_code == 401
    assert not Run.objects.exists()


def test_a_signature_is_of_one_body_and_of_one_time(hook) -> None:
    address, secret = hook(Sender.GENERIC)
    old = str(int(time.time()) - 600)
    stale = {
        "X-Portside-Timestamp": old,
        "X-Portside-Signature": f"sha256={signature(secret, old.encode() + b'.x')}",
    }
    assert sent(address, b"x", **stale).status_code == 401
    assert sent(address, b"y", **proofs(Sender.GENERIC, secret, b"x")).status_code == 401


@pytest.mark.parametrize(
    "said",
    [
        {**PUSH, "ref": "refs/heads/other"},
        {**PUSH, "after": "0" * 40},
        {"zen": "Keep it logically awesome."},
        {**PUSH, "repository": "odd"},
    ],
)
def test_what_is_not_about_it_runs_nothing(hook, said) -> None:
    address, secret = hook(Sender.GITHUB)
    body = json.dumps(said).encode()
    answer = sent(address, body, **proofs(Sender.GITHUB, secret, body))
    assert (answer.status_code, answer.json()) == (200, {"job": None})
    assert not Run.objects.exists()


@pytest.mark.parametrize(
    "events", [[], "odd", [{"action": "pull"}], [{"action": "push", "target": {"repository": "a"}}]]
)
def test_a_registry_runs_it_for_its_bases_alone(hook, events) -> None:
    address, secret = hook(Sender.REGISTRY)
    body = json.dumps({"events": events}).encode()
    assert sent(address, body, **proofs(Sender.REGISTRY, secret, body)).json() == {"job": None}


def test_what_can_not_be_read_is_told(hook) -> None:
    address, secret = hook(Sender.GITHUB)
    for body in (b"{", b"[]"):
        assert sent(address, body, **proofs(Sender.GITHUB, secret, body)).status_code == 400


def test_it_runs_by_the_rights_of_the_builds_owner(hook, owner) -> None:
    address, secret = hook(Sender.GITHUB)
    owner.is_superuser = False
    owner.save()
    body = json.dumps(PUSH).encode()
    assert sent(address, body, **proofs(Sender.GITHUB, secret, body)).status_code == 403
    assert not Delivery.objects.exists()


def test_too_many_calls_are_refused(hook, monkeypatch) -> None:
    monkeypatch.setattr(hooks, "CALLS", 1)
    address, _secret = hook(Sender.GITHUB)
    assert [sent(address, b"{}").status_code for _number in range(2)] == [401, 429]


def test_an_address_that_is_none_is_not_found(db) -> None:
    assert sent("/hooks/12345678-1234-5678-1234-567812345678/", b"{}").status_code == 404


def test_calls_are_forgotten_after_a_time(hook) -> None:
    address, secret = hook(Sender.GITLAB)
    body = json.dumps(PUSH).encode()
    sent(address, body, **proofs(Sender.GITLAB, secret, body))
    webhooks.sweep(timezone.now())
    assert Delivery.objects.count() == 1
    webhooks.sweep(timezone.now() + timedelta(days=31))
    assert Delivery.objects.count() == 0


def test_secrets_are_shown_once_and_sealed(signed_in, build) -> None:
    page = signed_in.post(APP + "schedules/webhooks/create/", {"sender": "github"}, follow=True).content.decode()
    made = Webhook.objects.get()
    assert (made.path in page, "with the secret" in page) == (True, True)
    assert "with the secret" not in signed_in.get(APP).content.decode()
    before = made.sealed_secret
    assert webhooks.reseal() == 1
    made.refresh_from_db()
    assert made.sealed_secret != before
    signed_in.post(f"{APP}schedules/webhooks/{made.pk}/remove/")
    assert not Webhook.objects.exists()


def test_without_a_sender_there_is_none(signed_in, build) -> None:
    signed_in.post(APP + "schedules/webhooks/create/", {"sender": "odd"})
    assert not Webhook.objects.exists()
