import shutil
from pathlib import Path

import pytest

from engine.errors import InvalidParameter, Unavailable
from engine.execdriver import trial
from engine.execdriver.driver import Stdio
from engine.execdriver.runtimes import Runtimes
from engine.linux import cgroups
from tests.engine.execdriver.conftest import CGROUP
from tests.support import session

pytestmark = pytest.mark.root

RUNC = shutil.which("runc") or ""


@pytest.fixture
def run():
    yield session.directory("x")
    cgroups.remove(CGROUP)


def script(folder: Path, name: str, text: str) -> str:
    path = folder / name
    path.write_text(f"#!/bin/sh\n{text}\n")
    path.chmod(0o755)
    return str(path)


def test_a_host_without_the_runtime_is_told(run):
    for name in ("no-such-runtime", "/nowhere/runc"):
        with pytest.raises(Unavailable, match=f"{name} is not installed"):
            Runtimes(run, default=name)


def test_a_host_without_any_runtime_is_told(run, monkeypatch):
    monkeypatch.setenv("PATH", str(run))
    with pytest.raises(Unavailable, match="neither runc nor crun is on PATH"):
        Runtimes(run)


def test_names_and_their_programs(run):
    runtimes = Runtimes(run, named={"mine": "/opt/mine"}, default=RUNC)
    assert runtimes.programs["mine"] == "/opt/mine"
    assert runtimes.get("io.containerd.runc.v2") is runtimes.get("runc") is runtimes.get("")
    assert runtimes.get("").is_runc
    with pytest.raises(InvalidParameter, match="unknown or invalid runtime name: other"):
        runtimes.get("other")


def test_a_containers_runtime_is_found_by_its_state_also_when_its_name_is_told_no_more(run):
    told = Runtimes(run, named={"mine": "/bin/true"})
    mine = told.get("mine")
    mine.prepare()
    (mine.root / "abc").mkdir()
    untold = Runtimes(run)
    assert told.of("abc") is mine
    found = untold.of("abc")
    assert (found.root, found.program) == (mine.root, Path("/bin/true").resolve())
    assert untold.of("abc").known() == ["abc"]
    assert untold.of("unknown") is untold.get("")
    with pytest.raises(InvalidParameter):
        untold.get("mine")


async def test_the_default_is_the_first_that_works(run, monkeypatch):
    path = session.directory("p")
    script(path, "runc", "echo no such luck >&2; exit 1")
    script(path, "crun", f'exec {RUNC} "$@"')
    monkeypatch.setenv("PATH", f"{path}:/usr/bin:/bin")
    runtimes = Runtimes(run)
    assert runtimes.default == "runc"
    await runtimes.choose(CGROUP)
    assert runtimes.default == "crun"
    named = Runtimes(run, default="runc")
    await named.choose(CGROUP)
    assert named.default == "runc", "who names it gets it"


async def test_a_trial_tells_why_and_leaves_nothing(run):
    folder = run / "trial"
    assert await trial.reason_against(Path(RUNC), folder, CGROUP) == ""
    assert await trial.reason_against(Path(script(run, "poor", "echo poor >&2; exit 3")), folder, CGROUP) == "poor"
    assert "ended with 4" in await trial.reason_against(Path(script(run, "mute", "exit 4")), folder, CGROUP)
    assert "No such file" in await trial.reason_against(run / "nothing", folder, CGROUP)
    assert not folder.exists()
    assert not list(Path("/sys/fs/cgroup").glob(f"*{CGROUP}/portside-trial"))


async def test_what_is_not_runc_is_asked_to_start(driver, bundle, run):
    """A runtime whose state is not runc's: the engine must not touch its fifo."""
    calls = run / "calls"
    other = script(run, "other", f'echo "$*" >> {calls}; exec {RUNC} "$@"')
    driver._runtimes = Runtimes(run, named={"other": other})
    folder = bundle("sh", "-c", "exit 3")
    running = await driver.create(folder.name, folder, stdio=Stdio(tty=False, stdin=False), log=None, runtime="other")
    state = driver._runtimes.get("other").root / folder.name
    assert driver.known() == [folder.name]
    (state / "state.json").rename(state / "hidden")
    assert driver._runtimes.get("other")._fifo(folder.name) is None
    (state / "hidden").rename(state / "state.json")
    await driver.finish_start(folder.name, running)
    assert (await driver.finished(folder, running)).exit_code == 3
    await driver.delete(folder.name)
    assert driver.known() == []
    assert "create" in calls.read_text()
