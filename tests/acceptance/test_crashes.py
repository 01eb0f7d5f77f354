"""The engine is killed at random moments of all that is done with containers; its successor's books must balance."""

import json
import os
import random
import subprocess
import time
from pathlib import Path

import psutil
import pytest

from tests.support.engine import EngineProcess

pytestmark = pytest.mark.root

#: Kills a run of the suite; each is at another moment.
_KILLS = 100 if os.environ.get("PORTSIDE_TEST_LONG") else 5


def test_nothing_is_lost_or_left_when_the_engine_is_killed(engine: EngineProcess, pulled_busybox: str) -> None:
    moments = random.Random(os.environ.get("PORTSIDE_TEST_SEED", "portside"))
    for number in range(_KILLS):
        bystander = _prepare(engine, pulled_busybox, number)
        clients = _start_clients(engine, pulled_busybox, number)
        time.sleep(moments.uniform(0, 0.5))  # the moment of the kill: any is as good as another
        engine.kill9()
        for client in clients:
            client.wait(30)
        engine.restart()
        _assert_books_balance(engine, f"kill {number}")
        assert bystander.is_running(), f"kill {number}"
        _assert_codes(engine, f"kill {number}")
        if number % 10 == 9:
            engine.remove_containers()


def _prepare(engine: EngineProcess, image: str, number: int) -> psutil.Process:
    """Containers that something is done with at the moment of the kill, and one with which nothing is."""
    endless = "trap 'exit 9' TERM; while :; do sleep 0.05; done"
    for name in ("stopped", "killed", "forced", "entered", "bystander"):
        label = {"stopped": "9 137", "killed": "137"}.get(name, "")
        words = ["--name", f"{name}-{number}", "--label", f"codes={label}", image, "sh", "-c", endless]
        engine.docker("run", "-d", *words)
    return psutil.Process(int(engine.docker("inspect", "--format", "{{.State.Pid}}", f"bystander-{number}")))


def _start_clients(engine: EngineProcess, image: str, number: int) -> list[subprocess.Popen[bytes]]:
    commands = [
        ["run", "--rm", "-v", "/anonymous", image, "true"],
        ["run", "-d", "--label", "codes=7", "-p", "80", image, "sh", "-c", "sleep 0.1; exit 7"],
        ["run", "-d", "-p", "80", image, "sleep", "1000"],
        ["create", "-v", "/anonymous", image, "true"],
        ["stop", f"stopped-{number}"],
        ["kill", f"killed-{number}"],
        ["rm", "--force", f"forced-{number}"],
        ["exec", f"entered-{number}", "sh", "-c", "echo in"],
        ["exec", "-d", f"entered-{number}", "sleep", "0.2"],
    ]
    environment = dict(engine.docker.environment)
    return [
        subprocess.Popen(
            engine.docker.argv(*words), env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        for words in commands
    ]


def _assert_books_balance(engine: EngineProcess, when: str) -> None:
    """What the engine says that there is, and what the kernel and the disk have, are the same."""
    known = set(engine.docker("ps", "--all", "--quiet", "--no-trunc").split())
    states = {each: json.loads(engine.docker("inspect", each))[0]["State"] for each in known}
    running = {each for each, state in states.items() if state["Running"]}
    assert {state["Status"] for state in states.values()} <= {"created", "running", "exited"}, when
    assert not [each for each, state in states.items() if state["Dead"]], when
    # A container that ends while it is looked at is in neither list for long: ask again until both agree.
    deadline = time.monotonic() + 10
    while (found := _found(engine)) != _expected(known, running) and time.monotonic() < deadline:
        time.sleep(0.1)
        running = set(engine.docker("ps", "--quiet", "--no-trunc").split())
    assert found == _expected(known, running), when


def _assert_codes(engine: EngineProcess, when: str) -> None:
    """Those that have ended have done so with one of the codes that they can have."""
    template = '{{.State.Status}};{{.State.ExitCode}};{{index .Config.Labels "codes"}}'
    listed = engine.docker("ps", "--all", "--quiet").split()
    for line in engine.docker("inspect", "--format", template, *listed).splitlines():
        status, code, possible = line.split(";")
        assert status != "exited" or not possible or code in possible.split(), (when, line)


def _expected(known: set[str], running: set[str]) -> dict[str, set[str]]:
    names = ("runtime", "namespaces", "bundles", "mounts", "cgroups", "monitors")
    return {"folders": known} | dict.fromkeys(names, running)


def _found(engine: EngineProcess) -> dict[str, set[str]]:
    config = engine.config
    mounts = [line.split()[4] for line in Path("/proc/self/mountinfo").read_text().splitlines()]
    return {
        "folders": _names(config.home / "containers"),
        "runtime": _names(config.run / "runtime"),
        "namespaces": _names(config.run / "netns"),
        "bundles": _names(config.run / "containers"),
        "mounts": {Path(mount).parent.name for mount in mounts if mount.startswith(str(config.home))},
        "cgroups": {folder.name for folder in Path("/sys/fs/cgroup").glob(f"*{config.cgroup_parent}/*/")},
        "monitors": set(_monitored(config.run / "containers")),
    }


def _names(folder: Path) -> set[str]:
    return {entry.name for entry in folder.iterdir() if not entry.is_symlink()} if folder.is_dir() else set()


def _monitored(bundles: Path) -> list[str]:
    """The containers that have a conmon, by its arguments."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            words = (process / "cmdline").read_bytes().split(b"\0")
        except OSError:
            continue
        if words[0].endswith(b"conmon") and b"--bundle" in words:
            bundle = Path(os.fsdecode(words[words.index(b"--bundle") + 1]))
            found += [bundle.name] if bundle.parent == bundles else []
    return found
