"""Images and file systems as archives, by the real clients: docker's, skopeo, and another engine where there is one."""

import hashlib
import json
import os
import shutil
import socket
import subprocess
import tarfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from tests.support import dockerd, session
from tests.support.dockerd import Dockerd
from tests.support.engine import EngineProcess
from tests.support.waiting import until

pytestmark = pytest.mark.root

_WORK = (
    "echo hi > /new; ln /new /hard; rm /bin/vi; rm -r /home; mkdir /home; echo x > /home/y; "
    "ln -s /etc/passwd /link; mkfifo /fifo; chmod 4755 /new"
)


@pytest.fixture
def host(engine: EngineProcess, busybox: str) -> Iterator[EngineProcess]:
    """An engine with `app:1` (busybox), and none of the test's images when it is over."""
    before = set(engine.docker("images", "--all", "--quiet", "--no-trunc").split())
    engine.docker("pull", "--quiet", busybox)
    engine.docker("tag", busybox, "app:1")
    yield engine
    engine.remove_containers()
    engine.docker("rmi", "app:1")
    for left in set(engine.docker("images", "--all", "--quiet", "--no-trunc").split()) - before:
        engine.docker("rmi", "--force", left)


def _image_id(host: EngineProcess, name: str) -> str:
    return host.docker("images", "--quiet", "--no-trunc", name)


def _skopeo(*words: str | Path) -> bytes:
    argv = ["skopeo", "--insecure-policy", *map(str, words)]
    return subprocess.run(argv, check=True, capture_output=True, timeout=60).stdout


def test_skopeo_reads_what_is_saved_and_its_archives_are_loaded(host: EngineProcess, tmp_path: Path) -> None:
    image_id = _image_id(host, "app:1")
    host.docker("save", "--output", tmp_path / "app.tar", "app:1")
    for form in ("docker-archive", "oci-archive"):
        raw = _skopeo("inspect", "--config", "--raw", f"{form}:{tmp_path}/app.tar")
        assert f"sha256:{hashlib.sha256(raw).hexdigest()}" == image_id
        _skopeo("copy", f"{form}:{tmp_path}/app.tar", f"{form}:{tmp_path}/{form}.tar:app:{form}")
        assert host.docker("load", "--input", tmp_path / f"{form}.tar") == f"Loaded image: app:{form}"
        assert _image_id(host, f"app:{form}") == image_id
        host.docker("rmi", f"app:{form}")


@pytest.mark.skipif(not dockerd.is_present(), reason="there is no dockerd on this host")
def test_docker_and_this_engine_load_what_the_other_saves(host: EngineProcess, tmp_path: Path) -> None:
    host.docker("save", "--output", tmp_path / "ours.tar", "app:1")
    other = Dockerd()
    try:
        assert other.docker("load", "--input", tmp_path / "ours.tar") == "Loaded image: app:1"
        assert other.docker("images", "--quiet", "--no-trunc", "app:1") == _image_id(host, "app:1")
        other.docker("tag", "app:1", "app:2")
        other.docker("save", "--output", tmp_path / "theirs.tar", "app:2")
        assert host.docker("load", "--quiet", "--input", tmp_path / "theirs.tar") == "Loaded image: app:2"
        assert _image_id(host, "app:2") == _image_id(host, "app:1")
        host.docker("rmi", "app:2")
    finally:
        other.stop()


@pytest.mark.skipif(shutil.which("podman") is None, reason="there is no podman on this host")
@pytest.mark.parametrize("form", ["docker-archive", "oci-archive"])
def test_podman_and_this_engine_load_what_the_other_saves(host: EngineProcess, tmp_path: Path, form: str) -> None:
    state = session.directory("p")  # podman's own limit for its path: 50 characters
    image_id = _image_id(host, "app:1")
    host.docker("save", "--output", tmp_path / "ours.tar", "app:1")
    _podman(state, "load", "--input", tmp_path / "ours.tar")
    assert f"sha256:{_podman(state, 'images', '--quiet', '--no-trunc', 'app:1').removeprefix('sha256:')}" == image_id
    _podman(state, "tag", "app:1", "docker.io/library/app:2")
    _podman(state, "save", "--format", form, "--output", tmp_path / "theirs.tar", "docker.io/library/app:2")
    assert host.docker("load", "--quiet", "--input", tmp_path / "theirs.tar") == "Loaded image: app:2"
    assert _image_id(host, "app:2") == image_id
    assert host.docker("run", "--rm", "--network", "none", "app:2", "echo", "it runs") == "it runs"
    host.docker("rmi", "app:2")
    _podman(state, "rmi", "--all", "--force")


def _podman(folder: Path, *words: str | Path) -> str:
    """A podman whose whole state is in the folder."""
    places = [f"--{name}={folder}/{name}" for name in ("root", "runroot", "tmpdir")]
    kinds = ["--storage-driver=vfs", "--cgroup-manager=cgroupfs", "--events-backend=file"]
    argv = ["podman", *places, *kinds, *map(str, words)]
    return subprocess.run(argv, check=True, capture_output=True, text=True, timeout=60).stdout.strip()


def test_commit_holds_what_the_container_changed(host: EngineProcess, tmp_path: Path) -> None:
    docker = host.docker
    docker("run", "--name", "worker", "app:1", "sh", "-c", _WORK)
    changes = ["--change", "ENV A=1", "--change", 'CMD ["cat", "/new"]']
    made = docker("commit", "--author", "me", "--message", "why", *changes, "worker", "app:2")
    assert made == _image_id(host, "app:2")
    assert docker("run", "--rm", "app:2") == "hi"
    look = "ls /bin/vi /home; stat -c %a%h /new; readlink /link; test -p /fifo && echo $A"
    seen = docker.run("run", "--rm", "app:2", "sh", "-c", look)
    assert seen.stdout.split() == ["/home:", "y", "47552", "/etc/passwd", "1"]
    assert "/bin/vi: No such file" in seen.stderr
    (document,) = json.loads(docker("inspect", "app:2"))
    assert (document["Author"], document["Comment"], document["Config"]["Cmd"]) == ("me", "why", ["cat", "/new"])
    assert document["RootFS"]["Layers"][:-1] == json.loads(docker("inspect", "app:1"))[0]["RootFS"]["Layers"]
    docker("save", "--output", tmp_path / "made.tar", "app:2")
    with tarfile.open(tmp_path / "made.tar") as archive:
        layers = json.loads(_read(archive, "manifest.json"))[0]["Layers"]
        (tmp_path / "layer").write_bytes(_read(archive, layers[-1]))
    with tarfile.open(tmp_path / "layer") as layer:
        names = layer.getnames()
    assert names == ["bin", "bin/.wh.vi", "etc", "fifo", "hard", "home", "home/.wh..wh..opq", "home/y", "link", "new"]
    refused = docker.run("commit", "--change", "RUN x", "worker")
    assert "run is not a valid change command" in refused.stderr


def test_commit_of_a_running_container_lets_it_go_on(host: EngineProcess) -> None:
    host.docker("run", "--detach", "--name", "runner", "app:1", "sleep", "300")
    made = host.docker("commit", "runner")
    assert host.docker("inspect", "--format", "{{.State.Status}}", "runner") == "running"
    assert host.docker("inspect", "--format", "{{json .RepoTags}}", made) == "[]"


def test_export_and_import(host: EngineProcess, tmp_path: Path) -> None:
    host.docker("create", "--name", "idle", "app:1")
    host.docker("export", "--output", tmp_path / "tree.tar", "idle")
    with tarfile.open(tmp_path / "tree.tar") as archive:
        assert "bin/busybox" in archive.getnames()
    made = host.docker("import", "--change", "CMD echo imported", tmp_path / "tree.tar", "app:3")
    assert made == _image_id(host, "app:3")
    assert host.docker("run", "--rm", "app:3") == "imported"
    assert "Imported from -" in host.docker("history", "app:3")
    host.docker("rmi", "app:3")
    with _served(tmp_path) as address:
        url = f"{address}/tree.tar"
        assert host.docker("import", url, "app:3").splitlines()[0] == f"Downloading from {url}"
        assert "Imported from http" in host.docker("history", "app:3")
        assert "Got HTTP status code >= 400: 404" in host.docker.run("import", f"{address}/gone", "app:4").stderr
    host.docker("rmi", "app:3")
    assert "invalid archive" in host.docker.run("import", _file(tmp_path / "bad", b"\x1f\x8b\x08\x00zz")).stderr


def test_a_load_that_was_cut_off_leaves_nothing(host: EngineProcess) -> None:
    ingest = host.config.home / "images/ingest"
    with _half_sent(host):
        until("the load's folder", lambda: list(ingest.iterdir()))
    until("an empty ingest", lambda: not list(ingest.iterdir()))
    with _half_sent(host):
        until("the load's folder", lambda: list(ingest.iterdir()))
        host.kill9()
    host.restart()
    assert list(ingest.iterdir()) == []
    assert _image_id(host, "app:1")


@contextmanager
def _half_sent(host: EngineProcess) -> Iterator[None]:
    """A client that begins to send an archive, and leaves at the end of the block."""
    with socket.socket(socket.AF_UNIX) as client:
        client.connect(str(host.socket))
        client.sendall(b"POST /images/load HTTP/1.1\r\nHost: x\r\nContent-Length: 90000\r\n\r\n" + bytes(100))
        yield


@contextmanager
def _served(folder: Path) -> Iterator[str]:
    """The folder's files on a web server."""
    handler = partial(SimpleHTTPRequestHandler, directory=str(folder))
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_address[1]}"
        server.shutdown()
        thread.join()


def _read(archive: tarfile.TarFile, name: str) -> bytes:
    file = archive.extractfile(name)
    assert file is not None
    return file.read()


def _file(path: Path, data: bytes) -> Path:
    path.write_bytes(data)
    os.utime(path)
    return path
