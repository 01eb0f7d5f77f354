"""A real conmon reopens its log while its process writes as fast as it can."""

import asyncio
import signal

import pytest

from engine.container.logs import LogOptions, read
from engine.container.logs.files import LogFiles
from engine.container.logs.policy import LogPolicy
from engine.container.logs.rotation import WatchedLog, rotate
from engine.execdriver.driver import Stdio

pytestmark = pytest.mark.root

ROTATIONS, LINES = 8, 4000


async def test_no_line_is_lost_or_doubled_under_load(driver, bundle):
    until_told = f"trap stop=1 TERM; while [ -z $stop ]; do seq {LINES}; usleep 3000; done; printf end"
    folder = bundle("sh", "-c", until_told)
    running = await driver.create(folder.name, folder, stdio=Stdio(tty=False, stdin=False), log=folder / "log")
    watched = WatchedLog(
        LogFiles(folder / "log"), LogPolicy(max_size=1, max_files=1000), lambda: driver.reopen_log(folder)
    )
    await driver.start(folder.name, running)
    for _ in range(ROTATIONS):
        while not watched.files.size():
            await asyncio.sleep(0.001)
        await rotate(watched)
    driver.signal(running, signal.SIGTERM)
    assert (await driver.finished(folder, running)).exit_code == 0
    ended = asyncio.Event()
    ended.set()
    output = b"".join([c.data async for c in read(folder / "log", LogOptions(stdout=True, stderr=True), ended)])
    one_round = b"".join(b"%d\n" % number for number in range(1, LINES + 1))
    assert output == one_round * (len(output) // len(one_round)) + b"end"
    assert len(watched.files.full()) == ROTATIONS
    assert watched.files.end() == len(output)
