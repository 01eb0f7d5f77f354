import os
import signal
import subprocess

from engine.linux import processes
from tests.support.waiting import until


def test_a_process_is_known_by_its_number_and_birth():
    with subprocess.Popen(["sleep", "100"]) as process:
        birth = processes.birth_of(process.pid)
        descriptor = processes.open_born(process.pid, birth)
        assert descriptor is not None
        os.close(descriptor)
        assert processes.open_born(process.pid, birth + 1) is None  # another one that had the number before
        process.kill()
    assert processes.birth_of(process.pid) == 0
    assert processes.open_born(process.pid, birth) is None
    assert processes.open_born(os.getpid(), 0) is None


def test_what_hangs_below_a_process_is_found():
    with subprocess.Popen(["sh", "-c", "sleep 100 & sh -c 'sleep 100; true'"]) as process:
        until("three processes below it", lambda: len(processes.descendants(process.pid)) == 3)
        for below in processes.descendants(process.pid):
            os.kill(below, signal.SIGKILL)
        process.kill()
    assert processes.descendants(process.pid) == []


def test_a_programs_name_may_hold_brackets(tmp_path):
    program = tmp_path / "a) R 1 (b"
    program.symlink_to("/bin/sleep")
    with subprocess.Popen([str(program), "100"]) as process:
        assert abs(processes.birth_of(process.pid) - processes.birth_of(os.getpid())) < 10**7
        process.kill()
