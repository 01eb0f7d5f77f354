"""A container that lasts as long as somebody waits for it."""

import asyncio
from pathlib import Path

import pytest

from engine.execdriver.conmon import ConmonDriver
from engine.execdriver.driver import StartFailed
from engine.tasks import spawn
from tests.engine.execdriver.conftest import Bundle
from tests.support.waiting import until

pytestmark = pytest.mark.root


async def ran(driver: ConmonDriver, folder: Path) -> tuple[int, str]:
    """The exit code, and what was written to both outputs."""
    with (folder / "output").open("wb") as output:
        code = await driver.run(folder.name, folder, stdout=output.fileno(), stderr=output.fileno())
    return code, (folder / "output").read_text()


async def test_its_code_and_output(driver: ConmonDriver, bundle: Bundle) -> None:
    code, output = await ran(driver, bundle("sh", "-c", "echo out; echo err >&2; cat; exit 7"))
    assert (code, sorted(output.split())) == (7, ["err", "out"])
    assert driver.known() == []


async def test_one_that_can_not_start_says_why(driver: ConmonDriver, bundle: Bundle) -> None:
    with pytest.raises(StartFailed, match='exec: "nothing": executable file not found') as raised:
        await ran(driver, bundle("nothing"))
    assert raised.value.exit_code == 127
    assert driver.known() == []


async def test_it_ends_with_who_waits(driver: ConmonDriver, bundle: Bundle) -> None:
    folder = bundle("sh", "-c", "echo up; sleep 1000 & sleep 1000")
    waiting = spawn(ran(driver, folder), name="wait for a container", owner=set())
    output = folder / "output"
    await asyncio.to_thread(until, "the container to run", lambda: output.exists() and output.read_text() == "up\n")
    pids = await driver.pids(folder.name)
    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting
    assert driver.known() == []
    until("its processes to be gone", lambda: not any(Path(f"/proc/{pid}").exists() for pid in pids))
