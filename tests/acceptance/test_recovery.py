"""Disasters beside the engine's own end: monitors killed, files broken, a full disk, a host that is started anew."""

import json
import os
import signal
import sqlite3
import subprocess
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from tests.support import api, reboot
from tests.support.docker_cli import Docker
from tests.support.engine import EngineProcess
from tests.support.waiting import until

pytestmark = pytest.mark.root

ABANDONED = "the container's monitor ended before the container"


@pytest.fixture
def own_engine(busybox: str) -> Iterator[EngineProcess]:
    engine = EngineProcess()
    engine.start()
    try:
        engine.docker("pull", "--quiet", busybox)
        yield engine
    finally:
        engine.close()


def state(docker: Docker, container: str) -> dict[str, Any]:
    (document,) = json.loads(docker("inspect", container))
    return dict(document["State"])


def statuses(docker: Docker) -> dict[str, str]:
    return dict(line.split() for line in docker("ps", "--all", "--format", "{{.Names}} {{.State}}").splitlines())


def test_a_monitors_end_is_its_containers_alone(engine: EngineProcess, pulled_busybox: str) -> None:
    docker = engine.docker
    names = {
        name: docker("run", "-d", "--name", name, *words, pulled_busybox, "sleep", "1000")
        for name, words in (("one", ()), ("other", ()), ("again", ("--restart", "always")), ("later", ()))
    }
    for name in ("one", "again"):
        for monitor in reboot.monitors(engine, names[name]):
            os.kill(monitor, signal.SIGKILL)
    until("the end", lambda: statuses(docker)["one"] == "exited")
    assert (state(docker, "one")["ExitCode"], state(docker, "one")["Error"]) == (137, ABANDONED)
    until("the restart", lambda: reboot.monitors(engine, names["again"]) and statuses(docker)["again"] == "running")
    assert statuses(docker)["other"] == "running"

    docker("start", "one")
    engine.kill9()
    for monitor in reboot.monitors(engine, names["later"]):
        os.kill(monitor, signal.SIGKILL)
    engine.restart()
    assert statuses(docker) == {"one": "running", "other": "running", "again": "running", "later": "exited"}
    assert state(docker, "later")["ExitCode"] == 137
    engine.remove_containers()


def test_a_container_whose_record_is_broken(own_engine: EngineProcess, busybox: str) -> None:
    """Dead, with its reason; its process is ended and its files stay; the others never notice."""
    docker = own_engine.docker
    broken = docker("run", "-d", "--name", "broken", "-v", "/data", busybox, "sleep", "1000")
    garbled = docker("run", "-d", "--name", "garbled", busybox, "sleep", "1000")
    docker("run", "-d", "--name", "well", busybox, "sleep", "1000")
    volume = docker("volume", "ls", "--quiet")
    own_engine.kill9()
    with sqlite3.connect(own_engine.config.database) as database:
        (body,) = database.execute("SELECT body FROM record WHERE key = ?", (broken,)).fetchone()
        wrong = json.loads(body) | {"mounts": 7}
        for key, text in ((broken, json.dumps(wrong).encode()), (garbled, body[:100])):
            database.execute("UPDATE record SET body = ? WHERE kind = 'container' AND key = ?", (text, key))
    database.close()
    own_engine.restart()

    assert statuses(docker) == {"broken": "dead", garbled[:12]: "dead", "well": "running"}
    assert docker("exec", "well", "echo", "fine") == "fine"
    told = state(docker, "broken")
    assert (told["Status"], told["Dead"]) == ("dead", True)
    assert "the container's record can't be read: Expected `array`, got `int`" in told["Error"]
    refused = docker.run("start", "broken")
    assert "can't be started: the container's record can't be read" in refused.stderr
    assert not reboot.monitors(own_engine, broken)
    assert docker("volume", "ls", "--quiet") == volume
    own_engine.stop()
    own_engine.restart()
    assert statuses(docker)["broken"] == "dead"
    docker("rm", "broken", garbled)
    assert statuses(docker) == {"well": "running"}


def test_a_container_whose_files_are_broken(engine: EngineProcess, pulled_busybox: str) -> None:
    """The runtime's state, the specification, the log, the monitor's folder: one each."""
    docker, run = engine.docker, engine.config.run
    loop = ["sh", "-c", "while :; do echo line; sleep 0.1; done"]
    names = {
        name: docker("run", "-d", "--name", name, pulled_busybox, *loop) for name in ("state", "spec", "log", "well")
    }
    until("lines", lambda: all(docker("logs", name) for name in names))
    (run / "runtime" / names["state"] / "state.json").write_text("{")
    (run / "containers" / names["spec"] / "config.json").write_text("{")
    with (engine.config.home / "containers" / names["log"] / "output.log").open("r+b") as log:
        log.write(b"\0\xff no line at all\n\n")
    engine.kill9()
    engine.restart()

    assert statuses(docker) == dict.fromkeys(names, "running")
    assert docker("logs", "log").splitlines()[-1] == "line"
    assert docker.run("exec", "state", "true").returncode != 0
    for name in ("spec", "log", "well"):
        assert docker("exec", name, "echo", "in") == "in"
    for name in names:
        docker("stop", "--time", "0", name)
    assert statuses(docker) == dict.fromkeys(names, "exited")
    for name in names:
        docker("start", name)
    engine.remove_containers()
    assert statuses(docker) == {}


def test_a_host_that_is_started_anew(own_engine: EngineProcess, busybox: str) -> None:
    docker = own_engine.docker
    docker("network", "create", "own")
    for name, words in (
        ("plain", ()),
        ("always", ("--restart", "always", "--network", "own", "-v", "kept:/kept", "-p", "80")),
        ("on-failure", ("--restart", "on-failure:3")),
        ("stopped", ("--restart", "unless-stopped")),
        ("passing", ("--rm",)),
    ):
        docker("run", "-d", "--name", name, *words, busybox, "sleep", "1000")
    docker("exec", "always", "sh", "-c", "echo written | tee /kept/file /root/file")
    docker("stop", "--time", "0", "stopped")
    reboot.pull_the_plug(own_engine)
    own_engine.restart()

    until("the restarts", lambda: statuses(docker).get("on-failure") == statuses(docker).get("always") == "running")
    until("the removal", lambda: "passing" not in statuses(docker))
    assert statuses(docker) == {"plain": "exited", "always": "running", "on-failure": "running", "stopped": "exited"}
    assert (state(docker, "plain")["ExitCode"], state(docker, "plain")["Error"]) == (255, "")
    assert state(docker, "stopped")["ExitCode"] == 137
    assert docker("exec", "always", "cat", "/kept/file", "/root/file") == "written\nwritten"
    assert docker("port", "always")
    docker("start", "plain")
    assert docker("exec", "plain", "ip", "route").startswith("default via")


@pytest.fixture
def small(busybox: str) -> Iterator[EngineProcess]:
    """An engine whose state is on a disk of 200 MB."""
    engine = EngineProcess()
    engine.config.home.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=200m", "small", engine.config.home], check=True)
    with ExitStack() as stack:
        stack.callback(lambda: subprocess.run(["umount", engine.config.home], check=True))
        engine.start()
        stack.callback(engine.close)
        stack.callback((engine.config.home / "filler").unlink, missing_ok=True)
        engine.docker("pull", "--quiet", busybox)
        yield engine


def fill(disk: Path) -> Path:
    """Take all the room that there is."""
    filler = disk / "filler"
    with filler.open("wb", buffering=0) as file:
        for size in (1 << 20, 4096, 1):
            try:
                while file.write(b"\0" * size):
                    pass
            except OSError:
                continue
    return filler


def test_a_full_disk(small: EngineProcess, busybox: str) -> None:
    docker = small.docker
    writes = "trap 'exit 5' TERM; i=0; while :; do i=$((i+1)); echo line $i; sleep 0.02; done"
    docker("run", "-d", "--name", "writes", busybox, "sh", "-c", writes)
    docker("run", "-d", "--name", "ends", busybox, "sh", "-c", "trap 'exit 6' TERM; while :; do sleep 0.02; done")
    docker("create", "--name", "waits", busybox, "sleep", "1000")
    docker("run", "-d", "--name", "goes", busybox, "sleep", "1000")
    filler = fill(small.config.home)

    for words in (["create", busybox, "true"], ["run", busybox, "true"], ["start", "waits"]):
        refused = docker.run(*words)
        assert refused.returncode, words
        assert "no space left on device" in refused.stderr.lower(), words
    assert statuses(docker) == {"writes": "running", "ends": "running", "waits": "created", "goes": "running"}
    assert docker("exec", "writes", "echo", "in") == "in"
    assert docker("logs", "writes").startswith("line 1\n")
    docker("stop", "ends")
    assert state(docker, "ends")["ExitCode"] == 6
    docker("rm", "--force", "goes")

    small.kill9()
    filler.unlink()
    small.restart()
    assert statuses(docker) == {"writes": "running", "ends": "exited", "waits": "created"}
    assert state(docker, "ends")["ExitCode"] == 6
    docker("start", "waits", "ends")
    seen = docker("logs", "--tail", "1", "writes")
    until("further lines", lambda: docker("logs", "--tail", "1", "writes") != seen)
    docker("stop", "writes")
    assert state(docker, "writes")["ExitCode"] == 5


def test_an_engine_on_a_full_disk_catches_up(small: EngineProcess, busybox: str) -> None:
    """What ended while nothing could be written is written as soon as that is possible."""
    docker = small.docker
    ends = docker(
        "run", "-d", "--name", "ends", busybox, "sh", "-c", "trap 'exit 6' TERM; while :; do sleep 0.02; done"
    )
    filler = fill(small.config.home)
    docker("stop", "ends")
    assert docker("wait", "ends") == "6"
    filler.unlink()
    bundle = small.config.run / "containers" / ends
    until("the record", lambda: _recorded_status(small, ends) == "exited")
    small.kill9()
    small.restart()
    assert state(docker, "ends")["ExitCode"] == 6
    assert not bundle.exists()
    assert api.request(small.socket, "GET", "/_ping").status == 200


def _recorded_status(engine: EngineProcess, container: str) -> str:
    with sqlite3.connect(f"file:{engine.config.database}?mode=ro", uri=True) as database:
        (body,) = database.execute("SELECT body FROM record WHERE key = ?", (container,)).fetchone()
    database.close()
    return str(json.loads(body)["state"]["status"])
