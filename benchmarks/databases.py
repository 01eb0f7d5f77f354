"""Lists of jobs on SQLite and on PostgreSQL: a console's web process alone, and requests one after the other."""

import http.client
import os
import pwd
import shutil
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from tests.support import hostnet, session, waiting
from tests.support.process import Child

_PROGRAMS: Final = Path("/usr/lib/postgresql")
#: Run by the console's own Python: rows of jobs as a year leaves them, and a token.
_FILL: Final = """
import sys
from dashboard.accounts.models import User
from dashboard.api.tokens.actions import create
from dashboard.hosts.models import Host
from dashboard.jobs.models import Job
from dashboard.jobs.states import State
user = User.objects.create_superuser("admin")
host = Host.objects.get(name="local")
states = list(State)
Job.objects.bulk_create(
    Job(kind="pull", host=host, requested_by=user, state=states[i % 7], params={"reference": f"app:{i}"})
    for i in range(int(sys.argv[1]))
)
print(create(user, "benchmark", ["*"])[1])
"""


@contextmanager
def sqlite() -> Iterator[str]:
    yield f"sqlite://{session.directory('sqlite') / 'console.sqlite3'}"


@contextmanager
def postgresql() -> Iterator[str]:
    """A cluster of its own, on a unix socket; empty where Debian's PostgreSQL is not installed."""
    found = sorted(_PROGRAMS.glob("*/bin/initdb"))
    if not found:
        print("postgresql: not installed")
        yield ""
        return
    programs, root = found[-1].parent, session.directory("postgresql")
    owner = pwd.getpwnam("postgres")
    os.chown(root, owner.pw_uid, owner.pw_gid)
    for folder in (root, *root.parents):
        if folder != Path("/tmp") and folder.is_relative_to("/tmp"):
            folder.chmod(folder.stat().st_mode | 0o011)
    as_owner = ["setpriv", "--reuid", "postgres", "--regid", "postgres", "--init-groups"]
    argv: list[str | Path] = [*as_owner, programs / "initdb", "--auth", "trust", "--no-sync", root / "data"]
    subprocess.run(argv, check=True, capture_output=True)
    argv = [
        *as_owner,
        programs / "postgres",
        "-D",
        root / "data",
        "-k",
        root,
        "-c",
        "listen_addresses=",
        "-c",
        "fsync=off",
    ]
    with Child("postgresql", argv, log=root / "log") as server:
        server.wait_for("its socket", (root / ".s.PGSQL.5432").exists)
        waiting.until("its answer", lambda: _creates_a_database(root))
        yield f"postgresql:///portside?host={root}&user=postgres"


def lists_on(url: str, *, rows: int, requests: int) -> str:
    """How long requests for a page of 50 jobs take, in words."""
    home, port = session.directory("console"), hostnet.free_port()
    environment = {
        **os.environ,
        "PORTSIDE_HOME": str(home),
        "PORTSIDE_RUN": str(home),
        "PORTSIDE_HTTP": f"127.0.0.1:{port}",
        "DATABASE_URL": url,
    }
    python = [sys.executable, "manage.py"]
    subprocess.run([*python, "migrate", "--verbosity", "0"], cwd=session.CHECKOUT, env=environment, check=True)
    fill = [sys.executable, "-c", f"import django; django.setup(); exec({_FILL!r})", str(rows)]
    environment["DJANGO_SETTINGS_MODULE"] = "dashboard.settings"
    token = subprocess.run(
        fill, cwd=session.CHECKOUT, env=environment, check=True, capture_output=True, text=True
    ).stdout.strip()
    server = [
        sys.executable,
        "-m",
        "uvicorn",
        "dashboard.asgi:application",
        "--port",
        str(port),
        "--log-level",
        "warning",
    ]
    with Child("web", server, env=environment) as web:
        web.wait_for("its port", lambda: _listens(port))
        took = _ask(port, token, requests)
    shutil.rmtree(home, ignore_errors=True)
    total = sum(took)
    return (
        f"{requests} requests at {rows} rows in {total:.1f} s ({requests / total:.0f}/s), "
        f"median {1000 * statistics.median(took):.1f} ms, slowest {1000 * max(took):.0f} ms"
    )


def _ask(port: int, token: str, requests: int) -> list[float]:
    connection, found = http.client.HTTPConnection("127.0.0.1", port, timeout=60), []
    for _ in range(requests):
        begin = time.perf_counter()
        connection.request("GET", "/api/v1/jobs", headers={"Authorization": f"Bearer {token}"})
        answer = connection.getresponse()
        body = answer.read()
        found.append(time.perf_counter() - begin)
        assert answer.status == 200, body
    connection.close()
    return found


def _listens(port: int) -> bool:
    try:
        http.client.HTTPConnection("127.0.0.1", port, timeout=1).connect()
    except OSError:
        return False
    return True


def _creates_a_database(root: Path) -> bool:
    argv = ["psql", "-h", str(root), "-U", "postgres", "-c", "CREATE DATABASE portside"]
    done = subprocess.run(argv, check=False, capture_output=True, text=True)
    return done.returncode == 0 or "already exists" in done.stderr
