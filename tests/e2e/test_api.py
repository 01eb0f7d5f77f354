"""The REST API of a console as `make up` starts it: a token from the command line, and then everything by HTTP."""

import json
import os
import subprocess
import sys
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any

import pytest

from tests.support import session
from tests.support.stack import Stack

pytestmark = pytest.mark.root


class Api:
    """A script's view of it."""

    def __init__(self, url: str, token: str) -> None:
        self.url = url
        self.token = token

    def open(self, path: str, body: Any = None, **headers: str) -> Any:
        headers = {"Authorization": f"Bearer {self.token}", "Content-Type": "application/json", **headers}
        data = None if body is None else json.dumps(body).encode()
        return urllib.request.urlopen(urllib.request.Request(f"{self.url}/api/v1{path}", data, headers), timeout=60)

    def ask(self, path: str, body: Any = None, **headers: str) -> Any:
        with self.open(path, body, **headers) as answer:
            return json.load(answer)

    def done(self, kind: str, parameters: dict[str, Any]) -> Any:
        job = self.ask("/jobs", {"kind": kind, "host": "local", "parameters": parameters})
        assert job["state"] == "queued"
        with self.open(f"/jobs/{job['id']}/events") as events:
            for _line in events:
                pass
        return self.ask(f"/jobs/{job['id']}")


@pytest.fixture(scope="module")
def api(stack: Stack) -> Api:
    argv = ["manage.py", "create_token", "--user", "admin", "--name", "ci", "--scopes", "*"]
    environment = {**os.environ, **stack.environment}
    made = subprocess.run(
        [sys.executable, *argv], cwd=session.CHECKOUT, env=environment, check=True, capture_output=True, text=True
    )
    state = stack.config.home / "console"
    assert {path.owner() for path in state.iterdir()} == {"portside"}
    return Api(stack.url, made.stdout.strip())


def test_health_needs_no_token(stack: Stack) -> None:
    with urllib.request.urlopen(f"{stack.url}/healthz", timeout=10) as answer:
        assert json.load(answer) == {"status": "ok", "database": "ok", "redis": "ok"}


def test_a_pull_is_watched_to_its_end(api: Api, busybox: str) -> None:
    job = api.ask("/jobs", {"kind": "pull", "host": "local", "parameters": {"reference": busybox}})
    with api.open(f"/jobs/{job['id']}/events") as answer:
        assert answer.headers["Content-Type"] == "text/event-stream"
        events = answer.read().decode().split("\n\n")
    ids = [line[4:] for event in events for line in event.splitlines() if line.startswith("id: ")]
    with api.open(f"/jobs/{job['id']}/events", **{"Last-Event-ID": ids[-2]}) as answer:
        again = answer.read().decode()
    assert f"id: {ids[-1]}" in again
    assert f"id: {ids[-2]}\n" not in again
    job = api.ask(f"/jobs/{job['id']}")
    assert (job["state"], job["attempts"], job["progress"]["percent"]) == ("succeeded", 1, 100)
    assert job["result"]["digest"].startswith("sha256:")
    with api.open(f"/jobs/{job['id']}/log") as answer:
        whole = answer.read()
    with api.open(f"/jobs/{job['id']}/log?offset=10") as answer:
        assert answer.read() == whole[10:]


def test_a_program_runs_in_a_container_that_was_run(api: Api, busybox: str) -> None:
    run = api.done("run", {"image": busybox, "name": "api-web", "command": ["sleep", "1000"], "network": "none"})
    container = run["result"]["container"]
    script = "echo out; echo err >&2; exit 3"
    said = api.ask(f"/containers/{container}/exec", {"host": "local", "argv": ["sh", "-c", script]})
    assert (said["exit_code"], said["stdout"], said["stderr"]) == (3, "out\n", "err\n")
    assert api.ask("/containers?name=api-web")["items"][0]["state"] == "running"
    assert api.ask("/containers/api-web")["Name"] == "/api-web"
    api.open("/containers/api-web/kill", {}).close()
    request = urllib.request.Request(
        f"{api.url}/api/v1/containers/api-web", method="DELETE", headers={"Authorization": f"Bearer {api.token}"}
    )
    urllib.request.urlopen(request, timeout=30).close()
    with pytest.raises(urllib.error.HTTPError) as refused:
        api.ask("/containers/api-web")
    with refused.value as answer:
        assert (answer.code, json.load(answer)["detail"]) == (404, "No such container: api-web")


def test_the_example_client_builds_and_watches(api: Api, busybox: str, tmp_path: Path) -> None:
    (tmp_path / "Dockerfile").write_text(f"FROM {busybox}\nRUN echo from the build\n")
    client = session.CHECKOUT / "docs/examples/build_and_watch.py"
    environment = {**os.environ, "PORTSIDE_URL": api.url, "PORTSIDE_TOKEN": api.token}
    ran = subprocess.run(
        [sys.executable, client, "example:1", tmp_path / "Dockerfile"],
        env=environment, check=True, capture_output=True, text=True, timeout=60,
    )  # fmt: skip
    assert "from the build" in ran.stdout
    assert ran.stdout.splitlines()[-1].startswith("succeeded sha256:")


def test_an_upload_is_loaded_and_what_is_saved_is_fetched(api: Api, busybox: str) -> None:
    saved = api.done("save", {"images": [busybox]})
    with api.open(f"/jobs/{saved['id']}/archive") as answer:
        data = answer.read()
    assert len(data) == saved["result"]["size"]
    request = urllib.request.Request(
        f"{api.url}/api/v1/archives",
        data,
        {"Authorization": f"Bearer {api.token}", "Content-Type": "application/octet-stream"},
    )
    with urllib.request.urlopen(request, timeout=60) as answer:
        upload = json.load(answer)
    assert upload["size"] == len(data)
    assert api.done("load", {"archive": upload["id"]})["result"]["images"] == [busybox]


def test_a_running_job_is_cancelled_within_two_seconds(api: Api, busybox: str) -> None:
    dockerfile = f"FROM {busybox}\nRUN echo begun; sleep 600\n"
    source = {"type": "inline", "files": {"Dockerfile": dockerfile}}
    job = api.ask("/jobs", {"kind": "build", "parameters": {"source": source}})
    with api.open(f"/jobs/{job['id']}/events") as events:
        for line in events:
            if b"begun" in line and b'"line"' in line and b"RUN" not in line:
                break
        api.ask(f"/jobs/{job['id']}/cancel", {})
        for _line in events:
            pass
    assert api.ask(f"/jobs/{job['id']}")["state"] == "cancelled"


def test_the_next_request_is_told_of_the_budget(api: Api) -> None:
    with api.open("/jobs") as answer:
        assert int(answer.headers["RateLimit-Remaining"]) < int(answer.headers["RateLimit-Limit"])
        etag = answer.headers["ETag"]
    with pytest.raises(urllib.error.HTTPError) as told:
        api.open("/jobs", **{"If-None-Match": etag})
    with told.value as answer:
        assert answer.code == 304
