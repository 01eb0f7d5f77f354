import os
import pty
import select
import subprocess

from engine.linux import tty


def test_held_up_output_waits_and_goes_on() -> None:
    master, slave = pty.openpty()
    with subprocess.Popen(["sh", "-c", "read go; echo went"], stdin=slave, stdout=slave) as process:
        os.close(slave)
        assert tty.set_output(process.pid, flows=False)
        os.write(master, b"\n")
        assert select.select([master], [], [], 0.3)[0] == []
        assert tty.set_output(process.pid, flows=True)
        seen = b""
        while b"went" not in seen:
            seen += os.read(master, 100)
        process.wait(10)
    os.close(master)


def test_what_is_no_terminal_is_left_alone() -> None:
    with subprocess.Popen(["cat"], stdin=subprocess.PIPE) as process:
        assert not tty.set_output(process.pid, flows=False)
        process.communicate()
    assert not tty.set_output(process.pid, flows=False)
