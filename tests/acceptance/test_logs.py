"""Logs as the docker client shows them: bounded, rotated without a loss, followed across rotations, or not kept."""

import subprocess
from pathlib import Path

import pytest

from tests.support import api
from tests.support.docker_cli import Docker
from tests.support.engine import EngineProcess
from tests.support.waiting import until

pytestmark = pytest.mark.root


def test_a_log_stays_within_its_bounds(docker: Docker, pulled_busybox: str) -> None:
    options = ["--log-opt", "max-size=200k", "--log-opt", "max-file=3", "--log-opt", "labels=app", "--label", "app=x"]
    slowly = "i=0; while [ $i -lt 60 ]; do seq $((i*500+1)) $((i*500+500)); i=$((i+1)); usleep 40000; done; sleep 60"
    container = docker("run", "-d", *options, pulled_busybox, "sh", "-c", slowly)
    assert _followed(docker, container, "30000") == [str(number) for number in range(1, 30001)]
    lines = docker("logs", container).splitlines()
    assert lines[-1] == "30000"
    assert lines == [str(number) for number in range(int(lines[0]), 30001)]
    folder = Path(docker("inspect", "--format", "{{.LogPath}}", container)).parent
    logs = list(folder.glob("output.log*"))
    assert len(logs) == 3
    assert sum(log.stat().st_size for log in logs) < 1_000_000
    assert docker("logs", "--tail", "1", "--details", container) == "app=x 30000"
    expected = '{"Type":"json-file","Config":{"labels":"app","max-file":"3","max-size":"200k"}}'
    assert docker("inspect", "--format", "{{json .HostConfig.LogConfig}}", container) == expected


def test_output_that_is_not_kept(docker: Docker, pulled_busybox: str) -> None:
    assert docker("run", "--name", "quiet", "--log-driver", "none", pulled_busybox, "echo", "seen") == "seen"
    failed = docker.run("logs", "quiet")
    assert "configured logging driver does not support reading" in failed.stderr
    assert docker("inspect", "--format", "{{.HostConfig.LogConfig.Type}}|{{.LogPath}}", "quiet") == "none|"


def test_a_log_that_grew_while_the_engine_was_down(engine: EngineProcess, pulled_busybox: str, tmp_path: Path) -> None:
    docker = engine.docker
    script = "read go </shared/go; seq 1 40000; touch /shared/done; sleep 60"
    options = ["--log-opt", "max-size=100k", "--log-opt", "max-file=2", "-v", f"{tmp_path}:/shared"]
    subprocess.run(["mkfifo", tmp_path / "go"], check=True)
    container = docker("run", "-d", *options, pulled_busybox, "sh", "-c", script)
    folder = Path(docker("inspect", "--format", "{{.LogPath}}", container)).parent
    engine.kill9()
    (tmp_path / "go").write_text("\n")
    until("the lines to be written", (tmp_path / "done").exists)
    engine.restart()
    until("the rotation", lambda: len(list(folder.glob("output.log.*"))) == 1)
    assert docker("logs", container).splitlines() == [str(number) for number in range(1, 40001)]


def _followed(docker: Docker, container: str, last: str) -> list[str]:
    """What `docker logs -f` shows up to the line `last`."""
    argv, lines = docker.argv("logs", "--follow", container), list[str]()
    with subprocess.Popen(argv, env=dict(docker.environment), stdout=subprocess.PIPE, text=True) as client:
        assert client.stdout is not None
        while not lines or (lines[-1] and lines[-1] != last):
            lines.append(client.stdout.readline().rstrip("\n"))
        client.kill()
    return lines


def test_a_log_outlives_its_container(docker: Docker, engine: EngineProcess, pulled_busybox: str) -> None:
    """Removed by hand, by itself, or by force; also once the engine has been started again."""
    ids = [
        docker("run", "-d", *words, "--label", f"who={name}", "--name", name, pulled_busybox, "sh", "-c", script)
        for name, words, script in (
            ("by-hand", (), "echo one; echo two >&2; exit 3"),
            ("by-itself", ("--rm",), "read -t 0.2 x; echo alone"),
            ("by-force", ("-t",), "echo at once; sleep 1000"),
            ("silent", ("--rm",), "true"),
        )
    ]
    docker("wait", "by-hand")
    docker("rm", "by-hand")
    until("its words", lambda: docker("logs", "by-force") != "")
    docker("rm", "--force", "by-force")
    until("their ends", lambda: docker("ps", "--all", "--quiet") == "")
    engine.stop()
    engine.restart()

    listed = api.request(engine.socket, "GET", "/logs/archive").json
    rows = {row["Name"]: row for row in listed if row["Id"] in ids}
    assert rows.keys() == {"by-hand", "by-itself", "by-force"}
    assert rows["by-hand"]["Id"] == ids[0]
    assert (rows["by-hand"]["ExitCode"], rows["by-force"]["ExitCode"]) == (3, 137)
    assert rows["by-hand"]["Labels"]["who"] == "by-hand"

    def read(ref: str, query: str) -> bytes:
        answer = api.request(engine.socket, "GET", f"/v1.48/logs/archive/{ref}?{query}")
        assert answer.status == 200
        return answer.body

    assert read(ids[0], "stdout=1&stderr=0") == b"\x01\0\0\0\0\0\0\x04one\n"
    assert read(ids[0][:12], "stderr=1&follow=1") == b"\x02\0\0\0\0\0\0\x04two\n"
    assert read("by-itself", "stdout=1&tail=1").endswith(b"alone\n")
    assert read("by-force", "stdout=1") == b"at once\r\n"
    assert api.request(engine.socket, "DELETE", f"/logs/archive/{ids[0]}").status == 204
    gone = api.request(engine.socket, "GET", f"/logs/archive/{ids[0]}?stdout=1")
    assert (gone.status, gone.message) == (404, f"No such archived log: {ids[0]}")
    assert api.request(engine.socket, "GET", "/logs/archive/by-force").status == 400
    assert api.request(engine.socket, "GET", '/logs/archive?filters={"x":["y"]}').status == 400
