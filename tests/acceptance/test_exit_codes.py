"""What `docker run` and `docker exec` end with, and what they say, for each way in which a command can fail."""

import pytest

from tests.support.docker_cli import Docker

pytestmark = pytest.mark.root


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (["true"], 0, ""),
        (["sh", "-c", "exit 3"], 3, ""),
        (["sh", "-c", "sh -c 'kill -9 $$'; exit $?"], 137, ""),
        (["sh", "-c", "kill -TERM $$"], 0, ""),  # the first process of a pid namespace has no default actions
        (["nowhere"], 127, 'exec: "nowhere": executable file not found in $PATH'),
        (["/nowhere"], 127, "stat /nowhere: no such file or directory"),
        (["/etc"], 126, 'exec: "/etc": '),  # is a directory, or permission denied: as the runtime's version says
        (["/etc/passwd"], 126, "permission denied"),
    ],
)
def test_run(docker: Docker, pulled_busybox: str, words: list[str], code: int, said: str) -> None:
    ended = docker.run("run", "--rm", pulled_busybox, *words)
    assert (ended.returncode, said in ended.stderr) == (code, True), ended.stderr


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--memory", "1m"], "Minimum memory limit allowed is 6MB"),
        (["--network", "nowhere"], "network nowhere not found"),
        (["--restart", "sometimes"], "invalid restart policy"),
        (["--volume", "relative/path:/x:what"], "invalid"),
    ],
)
def test_run_is_refused_with_125(docker: Docker, pulled_busybox: str, options: list[str], said: str) -> None:
    ended = docker.run("run", *options, pulled_busybox, "true")
    assert (ended.returncode, said in ended.stderr) == (125, True), ended.stderr


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (["true"], 0),
        (["sh", "-c", "exit 4"], 4),
        (["sh", "-c", "kill -9 $$"], 137),
        (["nowhere"], 127),
        (["/etc"], 126),
    ],
)
def test_exec(docker: Docker, pulled_busybox: str, words: list[str], code: int) -> None:
    docker("run", "-d", "--name", "host", pulled_busybox, "sleep", "600")
    assert docker.run("exec", "host", *words).returncode == code
    assert docker.run("exec", "nobody", "true").returncode == 1
