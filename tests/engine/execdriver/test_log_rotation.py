"""A real conmon reopens its log while its process writes as fast as it can."""

import asyncio

import pytest

from engine.container.logs import LogOptions, read
from engine.container.logs.files import LogFiles
from engine.container.logs.policy import LogPolicy
from engine.container.logs.rotation import WatchedLog, rotate
from engine.execdriver.driver import Stdio

pytestmark = pytest.mark.root

ROUNDS, LINES = 40, 4000


async def test_no_line_is_lost_or_doubled_under_load(driver, bundle):
    folder = bundle("sh", "-c", f"for i in $(seq {ROUNDS}); do seq {LINES}; usleep 3000; done; printf end")
    running = await driver.create(folder.name, folder, stdio=Stdio(tty=False, stdin=False), log=folder / "log")
    watched = WatchedLog(
        LogFiles(folder / "log"), LogPolicy(max_size=1, max_files=1000), lambda: driver.reopen_log(folder)
    )
    await driver.start(folder.name, running)
    rotations = 0
    while driver.is_alive(folder, running):
        await asyncio.sleep(0.005)
        try:
            await rotate(watched)
        except OSError:  # the process has ended between the question and now
            break
        rotations += 1
    assert (await driver.finished(folder, running)).exit_code == 0
    assert rotations > 3
    ended = asyncio.Event()
    ended.set()
    output = b"".join([c.data async for c in read(folder / "log", LogOptions(stdout=True, stderr=True), ended)])
    assert output == b"".join(b"%d\n" % number for number in range(1, LINES + 1)) * ROUNDS + b"end"
    assert watched.files.end() == len(output)
