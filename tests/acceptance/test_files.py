"""What is in a folder of a container or a volume, told without its files."""

import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from engine.container.archive.worker.listing import MOST
from tests.support.api import request
from tests.support.docker_cli import Docker
from tests.support.engine import EngineProcess

pytestmark = pytest.mark.root

_SAMPLE = """
mkdir -p /data/dir; cd /data; echo hello > file; chmod 640 file; touch -d @5 file; ln -s /etc/hostname link
mkfifo pipe; ln -s /proc/1/root out; ln -s ../../../../../.. up; chmod 1777 dir; echo > "$(printf 'n\\377')"
"""


@pytest.fixture
def box(docker: Docker, pulled_busybox: str) -> Iterator[str]:
    """A container that has made the sample in its volume, and has ended."""
    docker("run", "--name", "box", "-v", "sample:/data", pulled_busybox, "sh", "-c", _SAMPLE)
    yield "box"
    docker("rm", "-f", "box")
    docker("volume", "rm", "sample")


@pytest.mark.parametrize("is_running", [False, True])
def test_a_folder_of_a_container(
    engine: EngineProcess, docker: Docker, pulled_busybox: str, box: str, *, is_running: bool
) -> None:
    if is_running:
        docker("run", "-d", "--rm", "--name", "live", "--volumes-from", box, pulled_busybox, "sleep", "1000")
    try:
        found = _get(engine, f"/containers/{'live' if is_running else box}/files?path=data/dir/..")
    finally:
        if is_running:
            docker("rm", "-f", "live")

    entries = {entry["name"]: entry for entry in found["entries"]}
    assert (found["path"], found["truncated"]) == ("/data", False)
    assert list(entries) == ["dir", "file", "link", "n�", "out", "pipe", "up"]
    assert entries["file"] == {
        "name": "file", "type": "file", "size": 6, "mode": 0o640, "mtime": "1970-01-01T00:00:05Z", "target": "",
    }  # fmt: skip
    assert (entries["dir"]["type"], entries["dir"]["mode"]) == ("dir", 0o1777)
    assert (entries["link"]["type"], entries["link"]["target"]) == ("link", "/etc/hostname")
    assert entries["pipe"]["type"] == "other"


def test_links_do_not_lead_out(engine: EngineProcess, box: str) -> None:
    of_volume = {entry["name"] for entry in _get(engine, "/volumes/sample/files?path=/")["entries"]}

    up = _get(engine, "/volumes/sample/files?path=/up")
    out = request(engine.socket, "GET", "/volumes/sample/files?path=/out")
    container = _get(engine, f"/containers/{box}/files?path=/data/up")

    assert {entry["name"] for entry in up["entries"]} == of_volume
    assert (out.status, out.message) == (404, "Could not find the file /out in volume sample")
    assert {"bin", "data"} <= {entry["name"] for entry in container["entries"]}


def test_what_is_no_folder(engine: EngineProcess, box: str) -> None:
    refused = {
        path: request(engine.socket, "GET", f"/containers/{box}/files?path={path}")
        for path in ("/data/file", "/data/pipe", "/no", "")
    }

    assert {path: answer.status for path, answer in refused.items()} == {
        "/data/file": 400, "/data/pipe": 400, "/no": 404, "": 400,
    }  # fmt: skip
    assert refused["/data/file"].message == "/data/file: not a directory"


def test_a_folder_of_many_names(engine: EngineProcess, docker: Docker) -> None:
    docker("volume", "create", "many")
    try:
        folder = Path(docker("volume", "inspect", "-f", "{{.Mountpoint}}", "many"))
        for number in range(MOST):
            os.mknod(folder / f"{number:0200}")
        whole = _get(engine, "/volumes/many/files?path=/")
        (folder / "more").touch()
        part = _get(engine, "/volumes/many/files?path=/")
    finally:
        docker("volume", "rm", "many")

    assert (len(whole["entries"]), whole["truncated"]) == (MOST, False)
    assert (len(part["entries"]), part["truncated"]) == (MOST, True)


def _get(engine: EngineProcess, path: str) -> dict[str, Any]:
    answer = request(engine.socket, "GET", path)
    assert answer.status == 200, answer.body
    found: dict[str, Any] = json.loads(answer.body)
    return found
