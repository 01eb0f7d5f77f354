"""`docker cp` in both directions, beside the container's own processes and against its tricks."""

import base64
import hashlib
import io
import json
import os
import socket
import stat
import subprocess
import tarfile
from pathlib import Path

import psutil
import pytest

from tests.support.api import request
from tests.support.docker_cli import Docker
from tests.support.engine import EngineProcess
from tests.support.waiting import until

pytestmark = pytest.mark.root

#: In a loop a folder is what it should be, and then a link that leads up and out.
_SWAP = """
mkdir -p /real /work; echo inside > /real/shadow; cp /real/shadow /work/shadow
while :; do mv /work /away; ln -s / /work; rm /work; ln -s "$0" /work; rm /work; mv /away /work; done
"""

_CHANGES = """
echo x > /new; mkdir -p /a/b; echo y > /a/b/c; ln -s /x /a/l; mkfifo /f
rm /bin/vi; rm -rf /home && mkdir /home && echo 1 > /home/n
touch -d @5 /etc/passwd; chown 5 /etc/group; rm /bin/wc; mkdir /bin/wc; echo > /bin/wc/in; touch /etc
"""
#: What a dockerd 20.10 says of the same, by path.
_DOCKERDS_DIFF = [
    "A /a", "A /a/b", "A /a/b/c", "A /a/l", "C /bin", "D /bin/vi", "C /bin/wc", "A /bin/wc/in", "C /etc",
    "C /etc/group", "C /etc/passwd", "A /f", "C /home", "A /home/n", "A /new", "A /vol",
]  # fmt: skip


def test_into_and_out_of_a_running_container(docker: Docker, pulled_busybox: str, tmp_path: Path) -> None:
    docker("run", "-d", "--name", "box", "-v", "/vol", "--tmpfs", "/mem", pulled_busybox, "sleep", "1000")
    source = _sample(tmp_path)

    for target in ("/made", "/vol/made", "/mem/made"):
        docker("cp", source, f"box:{target}")
        assert docker("exec", "box", "cat", f"{target}/link") == "deep"
        assert docker("exec", "box", "stat", "-c", "%a", f"{target}/run.sh") == "750"
        back = tmp_path / target.replace("/", "-")
        docker("cp", f"box:{target}", back)
        assert _tree(back) == _tree(source)


def test_a_stopped_container_with_its_mounts(docker: Docker, pulled_busybox: str, tmp_path: Path) -> None:
    host = tmp_path / "host"
    host.mkdir()
    binds = ("-v", f"{host}:/bound", "-v", f"{host}:/fixed:ro", "-v", "/vol/deep")
    docker("create", "--name", "box", *binds, pulled_busybox, "cat", "/bound/x", "/vol/deep/x", "/root/x")
    (tmp_path / "x").write_text("here\n")

    for target in ("/bound", "/vol/deep", "/root"):
        docker("cp", tmp_path / "x", f"box:{target}")
    refused = docker.run("cp", tmp_path / "x", "box:/fixed/y")

    assert (host / "x").read_text() == "here\n"
    assert "mounted volume is marked read-only" in refused.stderr
    assert docker("start", "-a", "box").split() == ["here"] * 3
    docker("cp", "box:/bound/x", tmp_path / "back")
    assert (tmp_path / "back").read_text() == "here\n"
    merged = docker("inspect", "-f", "{{.GraphDriver.Data.MergedDir}}", "box")
    until("the root to be unmounted", lambda: merged not in Path("/proc/mounts").read_text())


def test_a_tar_on_standard_output_and_input(docker: Docker, pulled_busybox: str, tmp_path: Path) -> None:
    docker("create", "--name", "box", pulled_busybox)
    source = _sample(tmp_path)
    docker("cp", f"{source}/.", "box:/root")  # the contents alone

    assert {".", "./run.sh", "./sub", "./sub/x"} <= set(_tar(docker, "box:/root/.").getnames())
    names = [member.name for member in _tar(docker, "box:/root")]
    assert {"root", "root/run.sh", "root/sub", "root/sub/x"} <= set(names)
    assert names.index("root/sub") < names.index("root/sub/x")

    for mode in ("w", "w:gz", "w:bz2", "w:xz"):
        packed = io.BytesIO()
        with tarfile.open(fileobj=packed, mode=mode) as tar:
            tar.add(source / "sub", "other")
        subprocess.run(
            docker.argv("cp", "-", "box:/root"), input=packed.getvalue(), env=docker.environment, check=True, timeout=60
        )
        docker("cp", "box:/root/other/x", tmp_path / "x")
        assert (tmp_path / "x").read_text() == "deep"


def test_links_are_copied_or_followed_as_asked(docker: Docker, pulled_busybox: str, tmp_path: Path) -> None:
    docker("run", "--name", "box", pulled_busybox, "sh", "-c", "mkdir /d; echo in > /d/f; ln -s /d /l; ln -s /l/f /f")

    docker("cp", "box:/f", tmp_path / "link")
    docker("cp", "-L", "box:/f", tmp_path / "file")
    docker("cp", "box:/l/", tmp_path / "folder")
    docker("cp", tmp_path / "file", "box:/l/g")  # through the link to a folder

    assert (tmp_path / "link").readlink() == Path("/l/f")
    assert (tmp_path / "file").read_text() == "in\n"
    assert (tmp_path / "folder/f").read_text() == "in\n"
    docker("cp", "box:/d/g", tmp_path / "g")
    assert (tmp_path / "g").read_text() == "in\n"


def test_whose_the_files_become(docker: Docker, pulled_busybox: str, tmp_path: Path) -> None:
    docker("run", "-d", "--name", "box", "--user", "daemon", pulled_busybox, "sleep", "1000")
    (tmp_path / "x").write_text("")
    os.chown(tmp_path / "x", 1234, 5678)

    docker("cp", tmp_path / "x", "box:/tmp/kept")
    docker("cp", "-a", tmp_path / "x", "box:/tmp/given")

    assert docker("exec", "box", "stat", "-c", "%u:%g", "/tmp/kept") == "1234:5678"
    assert docker("exec", "box", "stat", "-c", "%u:%g", "/tmp/given") == "1:1"


def test_errors_are_dockers(engine: EngineProcess, docker: Docker, pulled_busybox: str) -> None:
    docker("create", "--name", "box", "--read-only", pulled_busybox)
    folder = _packed("etc", kind=tarfile.DIRTYPE)
    docker("create", "--name", "other", pulled_busybox)

    def ask(method: str, target: str, body: bytes | None = None) -> tuple[int, str]:
        answer = request(engine.socket, method, f"/v1.48/containers/{target}", body)
        return answer.status, answer.message

    assert ask("GET", "box/archive?path=/no") == (404, "Could not find the file /no in container box")
    assert ask("GET", "no/archive?path=/etc") == (404, "No such container: no")
    assert ask("GET", "box/archive") == (400, "bad parameter: path cannot be empty")
    assert ask("PUT", "box/archive?path=/no", folder) == (404, "Could not find the file /no in container box")
    assert ask("PUT", "other/archive?path=/etc/passwd", folder) == (400, "extraction point is not a directory")
    assert ask("PUT", "box/archive?path=/etc", folder) == (403, "container rootfs is marked read-only")
    assert ask("PUT", "other/archive?path=/&noOverwriteDirNonDir=1", _packed("etc")) == (
        400, 'cannot overwrite directory "/etc" with non-directory "/"',
    )  # fmt: skip
    assert ask("PUT", "other/archive?path=/etc&noOverwriteDirNonDir=1", _packed("passwd", kind=tarfile.DIRTYPE)) == (
        400, 'cannot overwrite non-directory "/etc/passwd" with directory "/etc"',
    )  # fmt: skip
    assert ask("PUT", "other/archive?path=/etc", _packed("../x")) == (400, '"../x" is outside of "/etc"')
    assert ask("PUT", "other/archive?path=/etc", b"no tar at all" * 100)[0] == 400


def test_what_a_path_is(engine: EngineProcess, docker: Docker, pulled_busybox: str) -> None:
    script = "ln -s ../tmp/gone /etc/l; printf 12345 > /f; chmod 4751 /f; touch -d @1700000000 /f"
    docker("run", "--name", "box", pulled_busybox, "sh", "-c", script)

    def ask(path: str) -> dict[str, object]:
        answer = request(engine.socket, "HEAD", f"/v1.48/containers/box/archive?path={path}")
        assert (answer.status, answer.body) == (200, b"")
        told: dict[str, object] = json.loads(base64.b64decode(answer.headers["X-Docker-Container-Path-Stat"]))
        return told

    assert ask("f") == {
        "name": "f", "size": 5, "mode": 0o751 | 1 << 23, "mtime": "2023-11-14T22:13:20Z", "linkTarget": "",
    }  # fmt: skip
    link = ask("/etc/l")
    assert (link["name"], link["linkTarget"], link["mode"]) == ("l", "/tmp/gone", 0o777 | 1 << 27)
    assert ask("/tmp/")["mode"] == 0o777 | 1 << 31 | 1 << 20
    assert (ask("/")["name"], ask("/etc/.")["name"]) == ("/", ".")


def test_a_hundred_megabytes_come_back_identical(docker: Docker, pulled_busybox: str, tmp_path: Path) -> None:
    docker("run", "-d", "--name", "box", pulled_busybox, "sleep", "1000")
    block = os.urandom(1 << 20)
    with (tmp_path / "big").open("wb") as file:
        for number in range(100):
            file.write(number.to_bytes(4, "big") + block[4:])

    docker("cp", tmp_path / "big", "box:/big")
    docker("cp", "box:/big", tmp_path / "back")

    sums = [hashlib.sha256((tmp_path / name).read_bytes()).hexdigest() for name in ("big", "back")]
    assert sums[0] == sums[1] == docker("exec", "box", "sha256sum", "/big").split()[0]


def test_a_folder_that_becomes_a_link_leads_nowhere(
    engine: EngineProcess, docker: Docker, pulled_busybox: str, tmp_path: Path
) -> None:
    """CVE-2018-15664: the path is swapped for a link to the host's names while it is resolved and used."""
    secret = tmp_path / "host"
    secret.mkdir()
    (secret / "shadow").write_text("outside")
    docker("run", "-d", "--name", "box", pulled_busybox, "sh", "-c", _SWAP, str(secret))
    docker("run", "-d", "--name", "nosy", "--pid", "host", pulled_busybox, "sh", "-c", _SWAP, f"/proc/1/root{secret}")
    statuses: set[int] = set()

    for number in range(6):
        for name in ("box", "nosy"):
            got = request(engine.socket, "GET", f"/containers/{name}/archive?path=/work/shadow")
            put = request(engine.socket, "PUT", f"/containers/{name}/archive?path=/work", _packed(f"new{number}"))
            statuses |= {got.status, put.status}
            assert b"outside" not in got.body

    assert 200 in statuses
    assert [path.name for path in secret.iterdir()] == ["shadow"]
    assert not [path for path in Path("/").iterdir() if path.name.startswith("new")]


def test_another_process_root_is_no_way_out(docker: Docker, pulled_busybox: str, tmp_path: Path) -> None:
    (tmp_path / "x").write_text("outside")
    links = "ln -s /proc/1/root /a; ln -s /proc/self/cwd /b; sleep 1000"
    docker("run", "-d", "--name", "box", "--pid", "host", pulled_busybox, "sh", "-c", links)
    until("the links", lambda: not docker.run("exec", "box", "ls", "-d", "/b").returncode)

    for path in (f"/a{tmp_path}/x", f"/proc/1/root{tmp_path}/x", f"/b{tmp_path}/x"):
        assert docker.run("cp", f"box:{path}", tmp_path / "stolen").returncode != 0
        assert docker.run("cp", tmp_path / "x", f"box:{path}").returncode != 0
    assert not (tmp_path / "stolen").exists()


def test_a_client_that_goes_away_leaves_nothing(engine: EngineProcess, docker: Docker, pulled_busybox: str) -> None:
    docker("create", "--name", "box", pulled_busybox)

    for head in ("GET /containers/box/archive?path=/ ", "PUT /containers/box/archive?path=/root "):
        with socket.socket(socket.AF_UNIX) as client:
            client.connect(str(engine.socket))
            client.sendall(f"{head}HTTP/1.1\r\nHost: x\r\nContent-Length: 100000\r\n\r\n".encode())
            until("its worker", lambda: _workers(engine))
    until("the workers to end", lambda: not _workers(engine))

    merged = docker("inspect", "-f", "{{.GraphDriver.Data.MergedDir}}", "box")
    until("the root to be unmounted", lambda: merged not in Path("/proc/mounts").read_text())


def test_a_container_that_starts_meanwhile(engine: EngineProcess, docker: Docker, pulled_busybox: str) -> None:
    """The copy goes on, and leaves the root mounted that the container runs on by now."""
    docker("create", "--name", "box", pulled_busybox, "sleep", "1000")

    with socket.socket(socket.AF_UNIX) as client:
        client.settimeout(30)
        client.connect(str(engine.socket))
        client.sendall(b"GET /containers/box/archive?path=/bin HTTP/1.0\r\n\r\n")
        got = client.recv(4096)
        docker("start", "box")
        assert docker("exec", "box", "sh", "-c", "echo here > /bin/late; cat /bin/late") == "here"
        while data := client.recv(1 << 20):
            got += data
    until("its worker to end", lambda: not _workers(engine))

    with tarfile.open(fileobj=io.BytesIO(got.partition(b"\r\n\r\n")[2])) as tar:
        assert "bin/busybox" in tar.getnames()
    assert docker("exec", "box", "cat", "/bin/late") == "here"


def test_the_files_of_a_volume(engine: EngineProcess, docker: Docker) -> None:
    docker("volume", "create", "files")
    try:
        put = request(engine.socket, "PUT", "/volumes/files/archive?path=/", _packed("made/x"))
        got = request(engine.socket, "GET", "/volumes/files/archive?path=/made/x")
        gone = request(engine.socket, "GET", "/volumes/files/archive?path=/no")
    finally:
        docker("volume", "rm", "files")

    assert (put.status, got.status) == (200, 200)
    with tarfile.open(fileobj=io.BytesIO(got.body)) as tar:
        assert tar.getnames() == ["x"]
    assert (gone.status, gone.message) == (404, "Could not find the file /no in volume files")


def test_diff_is_what_dockerd_prints(engine: EngineProcess, docker: Docker, pulled_busybox: str) -> None:
    docker("create", "--name", "fresh", pulled_busybox)
    docker("run", "--name", "changed", "-v", "/vol", pulled_busybox, "sh", "-c", _CHANGES)

    assert request(engine.socket, "GET", "/containers/fresh/changes").json is None
    assert docker("diff", "changed").splitlines() == _DOCKERDS_DIFF


def _sample(folder: Path) -> Path:
    source = folder / "src"
    (source / "sub").mkdir(parents=True)
    (source / "sub/x").write_text("deep")
    (source / "run.sh").write_text("#!/bin/sh\n")
    (source / "run.sh").chmod(0o750)
    (source / "link").symlink_to("sub/x")
    (source / ("ü" * 80)).write_text("a long name")
    (source / "same.sh").hardlink_to(source / "run.sh")
    return source


def _tree(root: Path) -> dict[str, tuple[int, int, bytes]]:
    found = {}
    for path in root.rglob("*"):
        info = path.lstat()
        data = os.fsencode(path.readlink()) if path.is_symlink() else path.read_bytes() if path.is_file() else b""
        size = 0 if stat.S_ISDIR(info.st_mode) else info.st_size
        found[str(path.relative_to(root))] = (info.st_mode, size, data)
    return found


def _tar(docker: Docker, source: str) -> tarfile.TarFile:
    done = subprocess.run(
        docker.argv("cp", source, "-"), env=docker.environment, check=True, timeout=60, capture_output=True
    )
    return tarfile.open(fileobj=io.BytesIO(done.stdout))


def _packed(name: str, *, kind: bytes = tarfile.REGTYPE) -> bytes:
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w") as tar:
        info = tarfile.TarInfo(name)
        info.type = kind
        tar.addfile(info)
    return packed.getvalue()


def _workers(engine: EngineProcess) -> list[int]:
    """The children of the process that forks them."""
    nurseries = [each for each in psutil.Process(engine.pid).children() if "archive.worker" in " ".join(each.cmdline())]
    return [child.pid for each in nurseries for child in each.children()]
