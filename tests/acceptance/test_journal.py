"""Logs in the journal: a journald of the test's own, in a mount namespace with the engine that writes to it."""

import json
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support import api
from tests.support.docker_cli import Docker
from tests.support.engine import EngineProcess
from tests.support.process import Child
from tests.support.redis import answers
from tests.support.waiting import until

JOURNALD = Path("/lib/systemd/systemd-journald")
pytestmark = [
    pytest.mark.root,
    pytest.mark.skipif(not JOURNALD.exists() or not shutil.which("journalctl"), reason="no journald is installed"),
]

START = """
for folder in /run/systemd /run/log; do mkdir -p $folder; mount -t tmpfs own $folder; done
mkdir -p /run/systemd/journal /run/log/journal
"$1" & shift
echo $! > "$1"; shift
while [ ! -S /run/systemd/journal/socket ]; do sleep 0.05; done
exec "$@"
"""


class JournalEngine(EngineProcess):
    """The engine beside a journald that only it can see."""

    def start(self) -> None:
        script = ["unshare", "--mount", "sh", "-e", "-c", START, "sh"]
        argv: list[str | Path] = [*script, JOURNALD, self.root / "journald.pid", sys.executable, "-m", "engine"]
        self._child = Child("engine", argv, env=self.environment, log=self.log)
        self._child.wait_for("its socket", lambda: answers(self.socket), seconds=60)

    def journal(self, container: str) -> list[dict[str, str]]:
        argv = ["nsenter", "--mount", "--target", str(self.pid), "journalctl", "--output=json", "--all"]
        done = subprocess.run([*argv, f"CONTAINER_NAME={container}"], capture_output=True, check=True)
        return [json.loads(line) for line in done.stdout.splitlines()]


@pytest.fixture
def journaled(busybox: str) -> Iterator[JournalEngine]:
    engine = JournalEngine()
    engine.start()
    try:
        engine.docker("pull", "--quiet", busybox)
        yield engine
        engine.close()
    finally:
        subprocess.run(["kill", (engine.root / "journald.pid").read_text().strip()], check=False)


def test_a_log_in_the_journal(journaled: JournalEngine, busybox: str) -> None:
    docker = journaled.docker
    assert "journald" in docker("info", "--format", "{{.Plugins.Log}}")
    options = ["--log-driver", "journald", "--log-opt", "tag={{.Name}}/{{.ID}}"]
    script = (
        "echo one; echo two >&2; printf 'a\\001b\\n'; seq -s - 3000; printf rest; sleep 0.2; echo; read x; echo last"
    )
    container = docker("run", "-di", "--name", "web", *options, busybox, "sh", "-c", script)
    until("its words", lambda: docker("logs", "--tail", "1", "web").endswith("rest"))

    long = "-".join(map(str, range(1, 3001)))
    assert docker.run("logs", "web").stdout == f"one\na\x01b\n{long}\nrest\n"
    assert docker.run("logs", "web").stderr == "two\n"
    assert docker("inspect", "--format", "{{.LogPath}}|{{.HostConfig.LogConfig.Type}}", "web") == "|journald"
    noted = journaled.journal("web")
    assert {entry["SYSLOG_IDENTIFIER"] for entry in noted} == {f"web/{container[:12]}"}
    assert {entry["CONTAINER_ID_FULL"] for entry in noted} == {container}
    assert docker("logs", "--timestamps", "--tail", "1", "web").startswith("20")

    followed = _follow(docker, "--tail", "0", "web"), _follow(docker, "web")
    until("both read on", lambda: _has_two_readers(journaled))
    docker("attach", "web", typed="go on\n")
    docker("wait", "web")
    none, all_ = [client.communicate(timeout=30)[0].decode() for client in followed]
    assert none == "last\n"
    assert all_.splitlines()[0] == "one"
    assert all_.splitlines()[-1] == "last"

    docker("rm", "web")
    assert [row["Name"] for row in api.request(journaled.socket, "GET", "/logs/archive").json] == []


def test_without_a_journal_it_is_refused(docker: Docker, pulled_busybox: str) -> None:
    if Path("/run/systemd/journal/socket").exists():
        pytest.skip("this host has a journal")
    refused = docker.run("create", "--log-driver", "journald", pulled_busybox)
    assert "log driver 'journald' is not supported on this host" in refused.stderr


def _follow(docker: Docker, *words: str) -> "subprocess.Popen[bytes]":
    argv = docker.argv("logs", "--follow", *words)
    return subprocess.Popen(argv, env=dict(docker.environment), stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)


def _has_two_readers(engine: EngineProcess) -> bool:
    done = subprocess.run(
        ["pgrep", "-P", str(engine.pid), "-f", "journalctl.*--follow"], capture_output=True, check=False
    )
    return len(done.stdout.split()) == 2
