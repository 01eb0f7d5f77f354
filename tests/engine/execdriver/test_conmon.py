import asyncio
import os
import signal
from pathlib import Path

import pytest

from engine.container import logs
from engine.container.logs import LogOptions
from engine.execdriver.conmon import ConmonDriver
from engine.execdriver.driver import StartFailed, Stdio
from engine.execdriver.runtimes import Runtimes
from tests.engine.execdriver.conftest import process
from tests.support import waiting

pytestmark = pytest.mark.root

PIPES = Stdio(tty=False, stdin=True, stdin_once=True)
TERMINAL = Stdio(tty=True, stdin=True)


async def start(driver, folder, stdio=PIPES):
    running = await driver.create(folder.name, folder, stdio=stdio, log=folder / "log")
    socket = await driver.connect(folder)
    await driver.start(folder.name, running)
    return running, socket


async def packets(socket):
    collected = []
    while (packet := await socket.receive()) is not None:
        collected.append(packet)
    socket.close()
    return collected


def text(collected, stream):
    return b"".join(data for number, data in collected if number == stream)


async def log_of(folder):
    ended = asyncio.Event()
    ended.set()
    chunks = logs.read(folder / "log", LogOptions(stdout=True, stderr=False), ended)
    return b"".join([chunk.data async for chunk in chunks])


async def test_a_process_from_creation_to_its_exit_code(driver, bundle):
    folder = bundle("sh", "-c", "read line; echo err >&2; echo got $line; printf end; exit 7")
    running, socket = await start(driver, folder)
    await socket.send(b"hello\n")
    output = await packets(socket)
    assert text(output, 1) == b"got hello\nend"
    assert text(output, 2) == b"err\n"
    assert (await driver.finished(folder, running)).exit_code == 7
    assert await log_of(folder) == b"got hello\nend"
    await driver.delete(folder.name)
    await driver.delete(folder.name)
    assert folder.name not in driver.known()


async def test_the_process_waits_for_its_start(driver, bundle):
    folder = bundle("sh", "-c", "echo ran")
    running = await driver.create(folder.name, folder, stdio=PIPES, log=folder / "log")
    assert driver.is_alive(folder, running)
    assert (folder / "log").read_bytes() == b""
    await driver.finish_start(folder.name, running)
    assert (await driver.finished(folder, running)).exit_code == 0
    assert await log_of(folder) == b"ran\n"


async def test_a_start_that_was_cut_off_after_the_process_went_is_finished(driver, bundle):
    """An engine that dies between reading the fifo and removing it leaves a fifo that nobody will write to."""
    folder = bundle("sleep", "1000")
    running, socket = await start(driver, folder)
    fifo = driver._runtimes.get("").root / folder.name / "exec.fifo"
    waiting.until("sleep has begun", lambda: b"sleep" in Path(f"/proc/{running.pid}/cmdline").read_bytes())
    os.mkfifo(fifo)
    await asyncio.wait_for(driver.finish_start(folder.name, running), 5)
    assert not fifo.exists()
    driver.signal(running, signal.SIGKILL)
    await driver.finished(folder, running)
    socket.close()


async def test_end_of_input_reaches_the_process(driver, bundle):
    folder = bundle("wc", "-c")
    running, socket = await start(driver, folder)
    await socket.send(b"x" * 100_000)
    socket.half_close()
    assert text(await packets(socket), 1) == b"100000\n"
    assert (await driver.finished(folder, running)).exit_code == 0


async def test_a_terminal_has_a_size(driver, bundle):
    folder = bundle("sh", "-c", "read x; stty size", tty=True)
    running, socket = await start(driver, folder, TERMINAL)
    driver.resize(folder, height=33, width=101)
    await socket.send(b"\r")
    assert b"33 101" in text(await packets(socket), 1)
    assert (await driver.finished(folder, running)).exit_code == 0


async def test_another_engine_finds_the_process_and_its_exit_code(driver, bundle):
    """The driver keeps nothing that a second one, in a later life of the engine, would need."""
    folder = bundle("sh", "-c", "read x; exit 5")
    running, socket = await start(driver, folder)
    later = ConmonDriver(Runtimes(driver._runtimes.get("").root.parent))
    assert later.is_alive(folder, running)
    await socket.send(b"\n")
    await packets(socket)
    assert (await driver.finished(folder, running)).exit_code == 5
    assert not later.is_alive(folder, running)
    assert (await later.finished(folder, running)).exit_code == 5


async def test_signals(driver, bundle):
    folder = bundle("sh", "-c", "trap 'exit 9' TERM; echo ready; while true; do sleep 0.02; done")
    running, socket = await start(driver, folder)
    assert await socket.receive() == (1, b"ready\n")
    assert driver.signal(running, signal.SIGTERM)
    assert (await driver.finished(folder, running)).exit_code == 9
    assert not driver.signal(running, signal.SIGTERM)
    socket.close()


async def test_a_killed_monitor_takes_its_process_along_and_says_so(driver, bundle):
    folder = bundle("sleep", "1000")
    running, socket = await start(driver, folder)
    socket.close()
    os.kill(running.monitor_pid, signal.SIGKILL)
    finished = await driver.finished(folder, running)
    assert finished.exit_code == 137
    assert "monitor ended" in finished.error
    waiting.until("the process is gone", lambda: not Path(f"/proc/{running.pid}").exists())


@pytest.mark.parametrize(
    ("program", "code", "words"),
    [
        ("nothing", 127, 'exec: "nothing": executable file not found in [$]PATH'),
        ("/proc", 126, "permission denied|is a directory"),
        ("/bin/nothing", 127, "no such file or directory"),
    ],
)
async def test_a_program_that_can_not_be_run(driver, bundle, program, code, words):
    folder = bundle(program)
    with pytest.raises(StartFailed, match=words) as failed:
        await driver.create(folder.name, folder, stdio=PIPES, log=folder / "log")
    assert failed.value.exit_code == code
    assert folder.name not in driver.known()


async def test_exec_in_a_running_container(driver, bundle):
    folder = bundle("sleep", "1000")
    running, socket = await start(driver, folder)
    session_folder = folder / "exec-one"
    session_folder.mkdir()
    command = process("sh", "-c", "read x; echo $x; echo oops >&2; exit 4")
    executed, attached = await driver.exec_attached(folder.name, session_folder, command, stdio=PIPES)
    await attached.send(b"word\n")
    output = await packets(attached)
    assert (text(output, 1), text(output, 2)) == (b"word\n", b"oops\n")
    assert (await driver.finished(session_folder, executed)).exit_code == 4
    assert len(await driver.pids(folder.name)) == 1
    driver.signal(running, signal.SIGKILL)
    assert (await driver.finished(folder, running)).exit_code == 137
    socket.close()


async def test_exec_of_what_is_not_there_and_a_detached_one(driver, bundle):
    folder = bundle("sleep", "1000")
    running, socket = await start(driver, folder)
    missing, detached = folder / "exec-missing", folder / "exec-detached"
    missing.mkdir()
    detached.mkdir()
    with pytest.raises(StartFailed, match=r'OCI runtime exec failed: exec failed: .* exec: "nope"') as failed:
        await driver.exec_attached(folder.name, missing, process("nope"), stdio=PIPES)
    assert failed.value.exit_code == 127
    executed = await driver.exec(
        folder.name, detached, process("sh", "-c", "exit 6"), stdio=Stdio(tty=False, stdin=False)
    )
    assert (await driver.finished(detached, executed)).exit_code == 6
    driver.signal(running, signal.SIGKILL)
    await driver.finished(folder, running)
    socket.close()


async def test_pause_and_resume(driver, bundle):
    folder = bundle("sleep", "1000")
    running, socket = await start(driver, folder)
    await driver.pause(folder.name)
    driver.signal(running, signal.SIGTERM)
    await driver.resume(folder.name)
    driver.signal(running, signal.SIGKILL)
    assert (await driver.finished(folder, running)).exit_code == 137
    socket.close()
