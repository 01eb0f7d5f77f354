"""With real programs: shells that say what reaches them."""

import os
import signal
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from supervisor.group import Group, PartEnded, Stopped
from supervisor.part import Part
from supervisor.signals import Signals

POLITE = "trap 'echo {name} >>{log}; exit 0' TERM; touch {up}; while :; do sleep 0.02; done"


@pytest.fixture
def signals() -> Iterator[Signals]:
    with Signals() as entered:
        yield entered


@pytest.fixture
def group(signals: Signals) -> Iterator[Group]:
    made = Group(signals)
    yield made
    made.stop()


def shell(name: str, script: str, up: Path | None = None) -> Part:
    is_ready = up.exists if up is not None else lambda: True
    return Part(name, ("sh", "-c", script), {"PATH": os.environ["PATH"]}, is_ready)


def polite(name: str, folder: Path) -> Part:
    up = folder / f"{name}.up"
    return shell(name, POLITE.format(name=name, log=folder / "log", up=up), up)


def test_parts_end_the_other_way_round(group: Group, tmp_path: Path) -> None:
    for name in ("one", "two", "three"):
        group.start(polite(name, tmp_path))

    group.stop()

    assert (tmp_path / "log").read_text().split() == ["three", "two", "one"]


def test_a_part_that_ends_is_named_with_its_last_words(group: Group, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(PartEnded, match="web ended with exit code 3"):
        group.start(shell("web", "echo cannot bind; exit 3", Path("/nonexistent")))

    assert capsys.readouterr().out == "web       | cannot bind\n"


def test_an_older_part_that_ends_is_noticed(group: Group, tmp_path: Path) -> None:
    group.start(polite("one", tmp_path))
    group.start(shell("two", "kill -KILL $$"))

    with pytest.raises(PartEnded, match="two was ended by SIGKILL"):
        group.watch()


def test_a_step_that_fails_is_no_success(group: Group, capsys: pytest.CaptureFixture[str]) -> None:
    group.finish(shell("migrate", "echo fine"))
    with pytest.raises(PartEnded, match="migrate ended with exit code 1"):
        group.finish(shell("migrate", "exit 1"))
    assert capsys.readouterr().out == "migrate   | fine\n"


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_stops_also_what_is_not_ready(group: Group, number: signal.Signals, tmp_path: Path) -> None:
    threading.Timer(0.1, os.kill, (os.getpid(), number)).start()
    with pytest.raises(Stopped):
        group.start(shell("engine", "exec sleep 1000", tmp_path / "never"))


def test_a_second_signal_kills(group: Group, tmp_path: Path) -> None:
    up = tmp_path / "up"
    group.start(shell("deaf", f"trap '' TERM; touch {up}; while :; do sleep 0.02; done", up))

    threading.Timer(0.2, os.kill, (os.getpid(), signal.SIGINT)).start()
    group.stop()  # would take 15 seconds without that signal, and the suite's time is checked by nobody


def test_a_ctrl_c_at_the_terminal_does_not_reach_the_parts(group: Group, tmp_path: Path) -> None:
    up = tmp_path / "up"
    group.start(shell("part", f"ps -o pgid= $$ >{up}.part; mv {up}.part {up}; exec sleep 1000", up))

    assert int(up.read_text()) != os.getpgrp()
