"""The script that picks a shell, run by this machine's own sh, and the greeting that it prints."""

import os
import subprocess

import pytest

from dashboard.terminal.shell import Greeting, read_greeting, signal_argv, start_argv


def run(argv: list[str]) -> "subprocess.CompletedProcess[bytes]":
    return subprocess.run(argv, input=b"echo $$", capture_output=True, check=False)


@pytest.mark.parametrize("shell", ["", "sh", "/bin/sh"])
def test_the_shell_keeps_the_number_that_was_told(shell: str) -> None:
    greeting = read_greeting(run(start_argv(shell)).stdout)
    assert greeting is not None
    assert greeting.pid > 0
    assert greeting.rest == b"%d\n" % greeting.pid
    assert os.access(greeting.path, os.X_OK)
    assert "sh" in greeting.shells


@pytest.mark.parametrize("shell", ["no-such-shell", "/no/such/shell", "/etc/passwd", "$(reboot)", "a b"])
def test_a_shell_that_is_not_there(shell: str) -> None:
    done = run(start_argv(shell))
    assert done.returncode == 127
    greeting = read_greeting(done.stdout)
    assert greeting is not None
    assert (greeting.pid, greeting.path, greeting.rest) == (0, shell, b"")
    assert "sh" in greeting.shells


def test_signals() -> None:
    with subprocess.Popen(["sleep", "100"]) as sleeper:
        assert run(signal_argv("HUP", sleeper.pid)).returncode == 0
        assert sleeper.wait(10) == -1


def test_a_greeting_in_pieces() -> None:
    whole = b"\x1b]portside;17;/bin/bash; bash sh\x07$ "
    for size in range(len(whole) - 2):
        assert read_greeting(whole[:size]) is None
    assert read_greeting(whole) == Greeting(17, "/bin/bash", ("bash", "sh"), len(whole) - 2, b"$ ")


@pytest.mark.parametrize(
    "said",
    [
        b"OCI runtime exec failed",
        b"\x1b]0;title\x07",
        b"\x1b]portside;" + b"9" * 5000,
        b"\x1b]portside;x;/bin/sh\x07" + bytes(5000),
    ],
)
def test_what_is_no_greeting(said: bytes) -> None:
    with pytest.raises(ValueError, match="does not begin"):
        read_greeting(said)
