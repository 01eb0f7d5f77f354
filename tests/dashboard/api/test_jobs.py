"""Jobs by the API."""

import json
import uuid

import pytest
from django.test import Client

from dashboard.jobs import broker
from dashboard.jobs.models import Job
from dashboard.jobs.origin import Origin, Priority
from dashboard.jobs.params import Kind
from dashboard.jobs.states import State

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("console")]
PULL = {"kind": "pull", "host": "local", "parameters": {"reference": "127.0.0.1:5000/app:1"}}


def test_a_job_is_queued_and_its_workers_are_told(script, local) -> None:
    before = broker.waiting("host.local")
    response = script.post("/jobs", PULL)
    shown = response.json()
    assert (response.status_code, shown["state"], shown["kind"]) == (202, "queued", "pull")
    job = Job.objects.get(pk=shown["id"])
    assert (job.origin, job.origin_name, job.priority) == (Origin.TOKEN, "ci", Priority.TOKEN)
    assert broker.waiting("host.local") == before + 1
    again = script.get(f"/jobs/{job.pk}").json()
    assert again["progress"] == {"percent": 0, "layers": [], "steps": []}
    assert (again["result"], again["attempts"]) == ({}, 0)
    assert again["parameters"]["reference"] == "127.0.0.1:5000/app:1"


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "body.order"),
        ({"kind": "dance"}, "body.order"),
        ({"kind": "pull", "parameters": {}}, "body.order.pull.parameters.reference"),
        ({"kind": "pull", "parameters": {"reference": "Not An Image"}}, "body.order.pull.parameters.reference"),
        ({**PULL, "colour": "red"}, "body.order.pull.colour"),
    ],
)
def test_what_can_t_be_read_is_told_by_field(script, local, body, field) -> None:
    response = script.post("/jobs", body)
    assert response.status_code == 422
    assert response["Content-Type"] == "application/problem+json"
    assert field in [fault["field"] for fault in response.json()["faults"]]


def test_text_that_is_no_json_is_told(script, local) -> None:
    response = script._client.post("/api/v1/jobs", b"{", content_type="application/json")
    assert (response.status_code, response.json()["title"]) == (400, "Bad Request")


def test_a_host_that_is_not_there_is_told(script, local) -> None:
    response = script.post("/jobs", {**PULL, "host": "attic"})
    assert (response.status_code, response.json()["detail"]) == (404, "No such host: attic")


def test_a_key_makes_one_job(script, local) -> None:
    first = script.post("/jobs", PULL, **{"idempotency-key": "k-1"}).json()["id"]
    assert script.post("/jobs", PULL, **{"idempotency-key": "k-1"}).json()["id"] == first
    assert script.post("/jobs", PULL, **{"idempotency-key": "k-2"}).json()["id"] != first
    other = {**PULL, "parameters": {"reference": "other"}}
    assert script.post("/jobs", other, **{"idempotency-key": "k-1"}).status_code == 422
    assert Job.objects.count() == 2


def test_a_key_makes_one_container_whose_name_was_left_to_us(script, local) -> None:
    run = {"kind": "run", "parameters": {"image": "busybox"}}
    first, second = (script.post("/jobs", run, **{"idempotency-key": "k"}).json() for _ in range(2))
    assert first["id"] == second["id"]
    assert first["parameters"]["name"] == second["parameters"]["name"]


def test_the_list_goes_on_where_a_page_ended(script, make_job) -> None:
    jobs = [str(make_job().pk) for _ in range(5)]
    seen, cursor = [], None
    for _ in range(3):
        page = script.get("/jobs", {"limit": 2, **({"cursor": cursor} if cursor else {})}).json()
        seen += [job["id"] for job in page["items"]]
        cursor = page["next"]
        make_job()
    assert seen == list(reversed(jobs))
    assert cursor is None
    assert script.get("/jobs", {"cursor": "nonsense"}).status_code == 422


def test_the_list_is_filtered(script, make_job) -> None:
    failed = make_job(state=State.FAILED)
    run = make_job(kind=Kind.RUN)
    assert [job["id"] for job in script.get("/jobs", {"state": "failed"}).json()["items"]] == [str(failed.pk)]
    assert [job["id"] for job in script.get("/jobs", {"kind": "run"}).json()["items"]] == [str(run.pk)]
    assert script.get("/jobs", {"host": "attic"}).json()["items"] == []


def test_a_list_of_many_takes_few_queries(script, make_job, django_assert_max_num_queries) -> None:
    for _ in range(20):
        make_job()
    script.get("/jobs")
    with django_assert_max_num_queries(3):
        assert len(script.get("/jobs").json()["items"]) == 20


def test_secrets_are_not_shown(script, make_job) -> None:
    job = make_job(kind=Kind.RUN, params={"image": "busybox", "environment": {"DB_PASSWORD": "pw", "COLOUR": "red"}})
    shown = script.get(f"/jobs/{job.pk}")
    assert shown.json()["parameters"]["environment"] == {"DB_PASSWORD": "••••••", "COLOUR": "red"}


def test_a_waiting_job_is_cancelled_and_tried_again(script, make_job) -> None:
    job = make_job()
    assert script.post(f"/jobs/{job.pk}/cancel").json()["state"] == "cancelled"
    again = script.post(f"/jobs/{job.pk}/retry")
    assert (again.status_code, again.json()["retry_of"]) == (202, str(job.pk))
    done = make_job(state=State.SUCCEEDED)
    assert script.post(f"/jobs/{done.pk}/cancel").status_code == 409
    assert script.post(f"/jobs/{done.pk}/retry").status_code == 409


def test_the_log_is_text_from_any_byte_on(script, make_job) -> None:
    job = make_job()
    script.post(f"/jobs/{job.pk}/cancel")
    job.refresh_from_db()
    whole = script.get(f"/jobs/{job.pk}/log")
    assert whole["Content-Type"] == "text/plain; charset=utf-8"
    assert whole["Portside-Job-State"] == "cancelled"
    assert whole["Portside-Log-End"] == str(len(whole.content))
    assert script.get(f"/jobs/{job.pk}/log", {"offset": 10**6}).content == b""


def test_a_job_that_is_not_there_is_told(script, local) -> None:
    for path in ("", "/log", "/events"):
        response = script.get(f"/jobs/{uuid.uuid4()}{path}")
        assert (response.status_code, response["Content-Type"]) == (404, "application/problem+json")


def test_others_do_not_see_it(script_of, make_job, django_user_model) -> None:
    stranger = script_of(django_user_model.objects.create_user("stranger"))
    job = make_job()
    assert stranger.get("/jobs").json()["items"] == []
    assert stranger.get(f"/jobs/{job.pk}").status_code == 404
    assert stranger.post("/jobs", PULL).status_code == 404


def test_a_scope_of_one_kind_is_not_enough_for_another(script_of, owner, local) -> None:
    script = script_of(owner, "see", "run")
    assert script.post("/jobs", PULL).status_code == 202
    push = {"kind": "push", "parameters": {"reference": "app:1"}}
    response = script.post("/jobs", push)
    assert (response.status_code, "push" in response.json()["detail"]) == (403, True)


def test_what_reaches_beyond_its_container_needs_more(script_of, owner, local) -> None:
    script = script_of(owner, "see", "run")
    run = {"kind": "run", "parameters": {"image": "busybox", "mounts": [{"source": "/", "target": "/host"}]}}
    assert script.post("/jobs", run).status_code == 403
    assert script_of(owner, "run", "privileged-run").post("/jobs", run).status_code == 202


def test_a_session_asks_with_its_csrf_token_alone(owner, local) -> None:
    browser = Client(enforce_csrf_checks=True)
    browser.force_login(owner)
    refused = browser.post("/api/v1/jobs", json.dumps(PULL), content_type="application/json")
    assert (refused.status_code, refused["Content-Type"]) == (403, "application/problem+json")
    assert browser.get("/api/v1/jobs").status_code == 200
    browser.get("/jobs/")
    token = browser.cookies["portside_8000_csrf"].value
    asked = browser.post(
        "/api/v1/jobs", json.dumps(PULL), content_type="application/json", headers={"x-csrftoken": token}
    )
    assert asked.status_code == 202
    assert asked.json()["origin"] == "user"
