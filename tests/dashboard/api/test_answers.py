"""What all answers of the API carry: request IDs, budgets, tags; and the streams."""

import asyncio

import pytest
from django.test import Client

from dashboard.api import rate, sse

pytestmark = pytest.mark.django_db


def test_a_proxy_s_request_id_is_kept_and_nonsense_is_not(script) -> None:
    assert script.get("/me", **{"x-request-id": "proxy-12345678"})["X-Request-ID"] == "proxy-12345678"
    assert script.get("/me", **{"x-request-id": "a\tb <script>"})["X-Request-ID"] != "a\tb <script>"


def test_a_spent_budget_is_refused_until_the_next_minute(script, monkeypatch) -> None:
    monkeypatch.setattr(rate, "REQUESTS", 2)
    answers = [script.get("/me") for _ in range(3)]
    assert [answer.status_code for answer in answers] == [200, 200, 429]
    assert [answer["RateLimit-Remaining"] for answer in answers] == ["1", "0", "0"]
    assert 0 < int(answers[2]["Retry-After"]) <= 60
    assert answers[2]["Content-Type"] == "application/problem+json"


def test_what_has_not_changed_is_not_sent_again(script, make_job) -> None:
    first = script.get("/jobs")
    assert script.get("/jobs", **{"if-none-match": first["ETag"]}).status_code == 304
    make_job()
    assert script.get("/jobs", **{"if-none-match": first["ETag"]}).status_code == 200


def test_health_tells_what_is_missing_and_nothing_else(console, settings) -> None:
    well = Client().get("/healthz")
    assert (well.status_code, well.json()) == (200, {"status": "ok", "database": "ok", "redis": "ok"})
    settings.REDIS_URL = "unix:///nonexistent/redis.sock"
    ill = Client().get("/healthz")
    assert (ill.status_code, ill.json()) == (503, {"status": "failing", "database": "ok", "redis": "failing"})


def test_an_upload_is_kept_and_an_empty_one_is_refused(script, console) -> None:
    sent = script._client.post("/api/v1/archives", b"packed", content_type="application/octet-stream")
    assert (sent.status_code, sent.json()["size"]) == (201, 6)
    empty = script._client.post("/api/v1/archives", b"", content_type="application/octet-stream")
    assert (empty.status_code, empty["Content-Type"]) == (400, "application/problem+json")


def test_a_job_that_saved_nothing_has_no_archive(script, make_job) -> None:
    assert script.get(f"/jobs/{make_job().pk}/archive").status_code == 404


async def test_a_silent_stream_is_kept_alive_and_closed_with_its_client() -> None:
    closed = asyncio.Event()

    async def events():
        try:
            yield b"first"
            await asyncio.sleep(3600)
            yield b"never"
        finally:
            closed.set()

    stream = sse.kept_alive(events(), quiet=0.01)
    assert await anext(stream) == b"first"
    assert await anext(stream) == b": still here\n\n"
    await stream.aclose()
    assert closed.is_set()


def test_an_event_is_its_id_its_name_and_one_line() -> None:
    assert sse.event("line", b"{}", "1-2") == b"id: 1-2\nevent: line\ndata: {}\n\n"
    assert sse.event("job", b"{}") == b"event: job\ndata: {}\n\n"
