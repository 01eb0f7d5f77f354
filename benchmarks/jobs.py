"""Jobs: from a POST to the first of their output, lists of many, and what showing 100,000 lines costs a build.

python -m benchmarks.jobs [--posts N] [--lists N] [--rows N] [--lines N]
"""

import argparse
import http.client
import json
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from typing import Any, Final

from benchmarks.databases import lists_on, postgresql, sqlite
from tests.support import images, session
from tests.support.registry import Registry
from tests.support.stack import Stack

#: What the parts are held to, in milliseconds and as a ratio.
FIRST_BYTE_P50: Final = 100
FIRST_BYTE_P99: Final = 400
SLOWDOWN: Final = 1.10


class Api:
    """One connection to a console, with a token."""

    def __init__(self, stack: Stack, token: str) -> None:
        self._address = stack.url.removeprefix("http://")
        self._headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}

    def open(self, method: str, path: str, body: Any = None) -> http.client.HTTPResponse:
        connection = http.client.HTTPConnection(self._address, timeout=300)
        connection.request(method, f"/api/v1{path}", json.dumps(body) if body else None, self._headers)
        return connection.getresponse()

    def ask(self, method: str, path: str, body: Any = None) -> Any:
        with self.open(method, path, body) as answer:
            text = answer.read()
            assert answer.status < 400, (answer.status, text[:500])
            return json.loads(text)


@contextmanager
def console() -> Iterator[tuple[Stack, Api, str]]:
    """A console as `make up` starts it, a token for it, and a busybox that its engine has."""
    stack = Stack()
    stack.start()
    try:
        with Registry() as registry:
            busybox = registry.push(images.busybox(), "busybox:latest")
            stack.docker("pull", "--quiet", busybox)
            argv = [sys.executable, "manage.py", "create_token", "--user", "admin", "--name", "b", "--scopes", "*"]
            environment = {**os.environ, **stack.environment}
            made = subprocess.run(
                argv, cwd=session.CHECKOUT, env=environment, check=True, capture_output=True, text=True
            )
            yield stack, Api(stack, made.stdout.strip()), busybox
    finally:
        stack.close()


def first_bytes(stack: Stack, api: Api, busybox: str, posts: int) -> list[float]:
    """Seconds from the POST of an exec job to the first line that it says, at who watches it."""
    stack.docker("run", "--detach", "--network", "none", "--name", "first", busybox, "sleep", "10000")
    order = {"kind": "exec", "parameters": {"container": "first", "argv": ["echo", "hello"]}}
    found = []
    for _ in range(posts):
        begin = time.perf_counter()
        job = api.ask("POST", "/jobs", order)
        with api.open("GET", f"/jobs/{job['id']}/events") as events:
            for line in events:
                if line.startswith(b"id: "):
                    found.append(time.perf_counter() - begin)
                    break
            for _line in events:
                pass
    return found


def build_seconds(api: Api, source: dict[str, Any]) -> float:
    """How long a build job takes, watched until its end."""
    begin = time.perf_counter()
    job = api.ask("POST", "/jobs", {"kind": "build", "parameters": {"source": source, "no_cache": True}})
    with api.open("GET", f"/jobs/{job['id']}/events") as events:
        for _line in events:
            pass
    took = time.perf_counter() - begin
    ended = api.ask("GET", f"/jobs/{job['id']}")
    assert ended["state"] == "succeeded", ended["error"]
    return took


def direct_seconds(stack: Stack, dockerfile: str) -> float:
    """How long the docker client takes for the same build, with its output thrown away."""
    begin = time.perf_counter()
    stack.docker("build", "--no-cache", "-", typed=dockerfile, timeout=300)
    return time.perf_counter() - begin


def many_lines(stack: Stack, api: Api, busybox: str, lines: int, rounds: int) -> float:
    """A build that prints so many lines: as a job, beside the docker client on the same engine; the medians' ratio."""
    loop = f"i=0; while [ $i -lt {lines} ]; do i=$((i+1)); echo line $i of the build; done"
    dockerfile = f"FROM {busybox}\nRUN {loop}\n"
    source = {"type": "inline", "files": {"Dockerfile": dockerfile}}
    direct, jobs = [], []
    for _ in range(rounds):
        direct.append(direct_seconds(stack, dockerfile))
        jobs.append(build_seconds(api, source))
    print(f"{lines} lines: client {statistics.median(direct):.2f} s, job {statistics.median(jobs):.2f} s")
    return statistics.median(jobs) / statistics.median(direct)


def crowded(api: Api, busybox: str, queued: int, watchers: int, asks: int) -> tuple[list[float], list[float]]:
    """Seconds of POSTs while the queue grows to `queued`, and of lists while one job in it has so many watchers."""
    source = {"type": "inline", "files": {"Dockerfile": f"FROM {busybox}\nRUN sleep 600\n"}}
    order = {"kind": "build", "parameters": {"source": source}}
    posts = [clocked(lambda: api.ask("POST", "/jobs", order)) for _ in range(queued)]
    last = api.ask("GET", "/jobs?limit=1&state=queued")["items"][0]["id"]
    with ExitStack() as open_ones:
        for _ in range(watchers):
            events = open_ones.enter_context(api.open("GET", f"/jobs/{last}/events"))
            events.readline()
        lists = [clocked(lambda: api.ask("GET", "/jobs")) for _ in range(asks)]
    return posts, lists


def clocked(what: Callable[[], object]) -> float:
    begin = time.perf_counter()
    what()
    return time.perf_counter() - begin


def in_words(name: str, seconds: Sequence[float]) -> str:
    p50, p99 = (1000 * percentile(seconds, percent) for percent in (50, 99))
    return f"{name}: p50 {p50:.0f} ms, p99 {p99:.0f} ms"


def percentile(values: Sequence[float], percent: int) -> float:
    return statistics.quantiles(values, n=100, method="inclusive")[percent - 1]


def main() -> None:
    parser = argparse.ArgumentParser(description="time jobs and their lists")
    parser.add_argument("--posts", type=int, default=100)
    parser.add_argument("--lists", type=int, default=1000)
    parser.add_argument("--rows", type=int, default=10_000)
    parser.add_argument("--lines", type=int, default=100_000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--queued", type=int, default=500)
    parser.add_argument("--watchers", type=int, default=50)
    options = parser.parse_args()
    with console() as (stack, api, busybox):
        found = in_words("first byte", first_bytes(stack, api, busybox, options.posts))
        print(f"{found} (at most {FIRST_BYTE_P50} and {FIRST_BYTE_P99})")
        ratio = many_lines(stack, api, busybox, options.lines, options.rounds)
        print(f"ratio      {ratio:.2f} (below {SLOWDOWN:.2f})")
        posts, lists = crowded(api, busybox, options.queued, options.watchers, 200)
        print(in_words(f"POST until {options.queued} are queued", posts))
        print(in_words(f"list beside them and {options.watchers} watchers", lists))
    for database in (sqlite, postgresql):
        with database() as url:
            if url:
                print(f"{database.__name__}: {lists_on(url, rows=options.rows, requests=options.lists)}")


if __name__ == "__main__":
    main()
