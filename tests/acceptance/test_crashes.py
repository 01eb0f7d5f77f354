"""The engine is killed at random moments of starting and removing containers; its successor's books must balance."""

import json
import os
import random
import subprocess
import time
from pathlib import Path

import pytest

from tests.support.engine import EngineProcess

pytestmark = pytest.mark.root

#: Kills a run of the suite; each is at another moment. PORTSIDE_TEST_KILLS asks for more.
_KILLS = int(os.environ.get("PORTSIDE_TEST_KILLS", "6"))


def test_nothing_is_lost_or_left_when_the_engine_is_killed(engine: EngineProcess, pulled_busybox: str) -> None:
    moments = random.Random(os.environ.get("PORTSIDE_TEST_SEED", "portside"))
    for number in range(_KILLS):
        clients = _start_clients(engine, pulled_busybox)
        time.sleep(moments.uniform(0, 0.4))  # the moment of the kill: any is as good as another
        engine.kill9()
        for client in clients:
            client.wait(30)
        engine.restart()
        _assert_books_balance(engine, f"kill {number}")


def _start_clients(engine: EngineProcess, image: str) -> list[subprocess.Popen[bytes]]:
    commands = [
        ["run", "--rm", "-v", "/anonymous", image, "true"],
        ["run", "--rm", "-v", "/anonymous", image, "true"],
        ["run", "-d", "-p", "80", image, "sleep", "0.1"],
        ["run", "-d", "-p", "80", image, "sleep", "1000"],
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
    # A container that ends while it is looked at is in neither list for long: ask again until both agree.
    deadline = time.monotonic() + 10
    while (found := _found(engine)) != _expected(known, running) and time.monotonic() < deadline:
        time.sleep(0.1)
        running = set(engine.docker("ps", "--quiet", "--no-trunc").split())
    assert found == _expected(known, running), when


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
    return {entry.name for entry in folder.iterdir() if entry.is_dir()} if folder.is_dir() else set()


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
