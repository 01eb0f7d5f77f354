"""Images, as the docker client shows them: what it prints for Portside and for dockerd, compared word by word.

Both daemons get the same archives, so IDs are the same too.
"""

import os
import re
import stat
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.engine.image.archive.bundles import config, docker
from tests.engine.image.archives import archive, entry
from tests.support import dockerd
from tests.support.docker_cli import Docker
from tests.support.engine import EngineProcess

pytestmark = pytest.mark.root

_CAPABILITY = bytes.fromhex("0100000200040000000000000000000000000000")
_BUSYBOX = [entry("bin", "dir"), entry("bin/sh", data=Path("/bin/busybox").read_bytes(), mode=0o755)]
_BASE = archive(*_BUSYBOX)
_TOP = archive(entry("etc/motd", data=b"hello"), entry("bin/.wh.nothing"))
_STEPS = [
    {
        "created": "2024-01-01T00:00:00Z",
        "created_by": "COPY busybox /bin # buildkit",
        "comment": "buildkit.dockerfile.v0",
    },
    {"created": "2024-01-02T00:00:00Z", "created_by": "ENV A=b", "empty_layer": True},
    {"created": "2024-01-03T00:00:00Z", "created_by": "/bin/sh -c echo hello > /etc/motd", "author": "somebody"},
]
_OLD = config(_BASE, created="2023-05-01T00:00:00Z", config={"Labels": {"kind": "old"}}, history=_STEPS[:1])
_NEW = config(
    *(_BASE, _TOP),
    created="2024-01-03T00:00:00Z",
    author="somebody",
    config={
        "Env": ["PATH=/bin", "A=b"], "Cmd": ["sh"], "Entrypoint": ["/bin/sh"], "WorkingDir": "/etc", "User": "1:2",
        "Labels": {"kind": "new", "empty": ""}, "ExposedPorts": {"80/tcp": {}}, "Volumes": {"/data": {}},
        "StopSignal": "SIGINT",
    },
    history=_STEPS,
)  # fmt: skip


@dataclass(frozen=True)
class Both:
    """The client on each of the two daemons."""

    portside: Docker
    dockerd: Docker
    archives: tuple[Path, ...]

    def say_the_same(self, *words: str | Path) -> str:
        """Run the command on both; returns what both print."""
        ours, theirs = (_said(each, words) for each in (self.portside, self.dockerd))
        assert ours == theirs, f"docker {' '.join(map(str, words))}"
        return ours

    def stock(self) -> None:
        """Give both the images that most tests look at."""
        for archive_ in self.archives:
            self.each("load", "--quiet", "--input", archive_)

    def each(self, *words: str | Path) -> tuple[str, str]:
        return self.portside(*words), self.dockerd(*words)


def _said(client: Docker, words: tuple[str | Path, ...]) -> str:
    """Exit status and all output; IDs of containers are as different as they should be."""
    done = client.run(*words)
    # The client shows an image's names in any order, and `images` therefore sorted.
    rows = sorted(done.stdout.splitlines()) if words[0] == "images" else done.stdout.splitlines()
    text = "\n".join([str(done.returncode), *rows, done.stderr])
    return re.sub(r"container [0-9a-f]{12}\b", "container …", text)


@pytest.fixture(scope="module")
def both(make_engine: Callable[[], EngineProcess], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Both]:
    """Two daemons that have nothing but the archives' images."""
    if not dockerd.is_present():
        pytest.skip("no dockerd on this host to compare with (Debian's docker.io has one)")
    folder = tmp_path_factory.mktemp("images")
    old = docker({"l": _BASE}, raw=_OLD, row={"Layers": ["l"], "RepoTags": ["team/app:old"]})
    new = docker({"l": _BASE, "m": _TOP}, raw=_NEW, row={"Layers": ["l", "m"], "RepoTags": ["team/app:new", "app:1"]})
    for name, data in (("old", old), ("new", new)):
        (folder / name).write_bytes(data)
    with dockerd.Dockerd() as other:
        pair = Both(make_engine().docker, other.docker, (folder / "old", folder / "new"))
        pair.stock()
        yield pair


LOOKS = """\
images
images --no-trunc --digests
images --quiet
images --all
images team/app
images app:1
images team/*
images */*:o*
images nothing
images --filter dangling=true
images --filter dangling=false
images --filter label=kind
images --filter label=kind=new
images --filter label=kind=other
images --filter label=empty
images --filter before=app:1
images --filter since=team/app:old
images --filter reference=app
images --filter reference=team/*
images --filter reference=app:1 --filter label=kind=old
images --filter before=nothing
images --filter since=nothing
images --format {{.Repository}}|{{.Tag}}|{{.Digest}}|{{.ID}}|{{.CreatedAt}}|{{.Size}}|{{.Containers}}
history team/app:new
history --no-trunc team/app:new
history --quiet app:1
history team/app:old
history nothing
history --format {{.ID}}|{{.CreatedBy}}|{{.Size}}|{{.Comment}}|{{.CreatedAt}} app:1
tag nothing x
rmi nothing
rmi app:2
inspect --type image --format {{json .Config}} app:1
inspect --type image --format {{json .RootFS}} app:1
inspect --type image --format {{.Id}}|{{.RepoTags}}|{{.RepoDigests}} app:1
inspect --type image --format {{.Parent}}|{{.Comment}}|{{.Created}}|{{.Author}} app:1
inspect --type image --format {{.Architecture}}|{{.Os}}|{{.Size}}|{{.GraphDriver.Name}} team/app:old
inspect nothing
system df --format {{.Type}}|{{.TotalCount}}|{{.Active}}
image prune --force
rmi ../x
""".splitlines()


@pytest.mark.parametrize("command", LOOKS)
def test_what_is_shown(both: Both, command: str) -> None:
    both.say_the_same(*re.findall(r"(?:\{\{.*?\}\}|\S)+", command))


def test_names_and_removal(both: Both) -> None:
    say = both.say_the_same
    for name in ("one:1", "one:2", "host:5000/two"):
        say("tag", "app:1", name)
    say("images")
    assert "Untagged: one:1" in say("rmi", "one:1")
    image = both.portside("images", "--quiet", "app:1")
    assert "must be forced" in say("rmi", image)
    both.each("create", "--name", "user", "app:1")
    say("rmi", "one:2")
    say("rmi", "host:5000/two", "team/app:new")
    assert "is using its referenced image" in say("rmi", "app:1")
    assert "stopped container" in say("rmi", image)
    say("image", "prune", "--all", "--force", "--filter", "label=kind=new")
    say("rmi", "--force", "app:1")
    say("images")
    say("ps", "--all", "--format", "{{.Image}}|{{.Names}}")
    both.each("rm", "--volumes", "user")
    both.stock()


def test_what_prune_takes(both: Both, tmp_path: Path) -> None:
    layer = archive(entry("more", data=b"x" * 5000))
    document = config(_BASE, layer, config={"Labels": {"stage": "1"}}, created="2024-01-01T00:00:00Z")
    (tmp_path / "image").write_bytes(
        docker({"l": _BASE, "m": layer}, raw=document, row={"Layers": ["l", "m"], "RepoTags": ["gone:1"]})
    )
    for loaded in (True, False):
        both.each("load", "--quiet", "--input", tmp_path / "image")
        both.say_the_same("image", "prune", "--force", "--filter", "label=stage")
        both.each("tag", "app:1", "gone:1")  # the image is dangling now
        both.say_the_same("images", "--filter", "dangling=true")
        words = ["--filter", "label=stage=1"] if loaded else ["--filter", "until=1h"]
        ours, theirs = (each.run("image", "prune", "--force", *words).stdout for each in (both.portside, both.dockerd))
        # The last line tells what it gave back, in which Portside counts the archives as well.
        assert ours.splitlines()[:-1] == theirs.splitlines()[:-1]
        assert "deleted: sha256:" in ours
        both.each("rmi", "gone:1")


def test_imports(both: Both, tmp_path: Path) -> None:
    (tmp_path / "root.tar").write_bytes(_BASE)
    changes = [
        "--change",
        'CMD ["/bin/sh"]',
        "--change",
        "ENV A=b C=d",
        "--change",
        "EXPOSE 80",
        "--change",
        "LABEL x=y",
    ]
    both.each("import", *changes, "--message", "by hand", tmp_path / "root.tar", "imported:1")
    say = both.say_the_same
    say(
        "inspect",
        "--type",
        "image",
        "--format",
        "{{json .Config}}|{{.Comment}}|{{.Size}}|{{.RootFS.Layers}}",
        "imported:1",
    )
    say("history", "--format", "{{.CreatedBy}}|{{.Size}}|{{.Comment}}", "imported:1")
    say("import", "--change", "RUN x", tmp_path / "root.tar", "imported:2")
    both.each("rmi", "imported:1")


def test_what_layers_carry(both: Both, tmp_path: Path) -> None:
    """Modes, owners, devices, links and attributes, those that mean something to the kernel among them."""
    capability = {"SCHILY.xattr.security.capability": _CAPABILITY.decode("latin-1")}
    layer = archive(
        *_BUSYBOX,
        *(entry("su", data=b"x", mode=0o4755, uid=1234, gid=70_000), entry("sg", data=b"x", mode=0o2755)),
        *(entry("tmp", "dir", mode=0o1777), entry("d", "dir", mode=0o2750, gid=7, mtime=1_500_000_000)),
        entry("ping", data=b"x", mode=0o755, uid=5, pax=capability),
        entry("link", "symlink", linkname="/etc/x", uid=9),
        *(entry("null", "chr", devmajor=1, devminor=3, mode=0o666), entry("loop", "blk", devmajor=7, devminor=0)),
        *(entry("pipe", "fifo"), entry("none", mode=0)),
        entry("twin", "link", linkname="su", mode=0o2711, uid=3, mtime=9),
        entry("twin2", "link", linkname="link", uid=4),
        entry("noted", pax={"SCHILY.xattr.user.note": "x", "SCHILY.xattr.trusted.note": "y", "mtime": "1500000000.25"}),
        entry("link2", "symlink", linkname="noted", pax={"SCHILY.xattr.user.note": "lost: links carry none"}),
    )  # fmt: skip
    (tmp_path / "image").write_bytes(
        docker({"l": layer}, raw=config(layer), row={"Layers": ["l"], "RepoTags": ["carry:1"]})
    )
    both.each("load", "--quiet", "--input", tmp_path / "image")
    both.each("run", "--detach", "--network", "none", "--name", "carrier", "carry:1", "/bin/sh", "-c", "sleep 600")
    try:
        roots = both.each("inspect", "--format", "{{.GraphDriver.Data.MergedDir}}", "carrier")
        ours, theirs = (_facts(Path(root)) for root in roots)
        assert ours == theirs
        assert ours["ping"][-1] == {"security.capability": _CAPABILITY}
        assert ours["sg"][0] == stat.S_IFREG | 0o2755
    finally:
        both.each("rm", "--force", "carrier")
        both.each("rmi", "carry:1")


def _facts(root: Path) -> dict[str, tuple[object, ...]]:
    names = ["su", "sg", "tmp", "d", "ping", "link", "link2", "null", "loop", "pipe", "twin", "twin2", "none", "noted"]
    return {name: _fact(root / name) for name in names}


def _fact(path: Path) -> tuple[object, ...]:
    info = path.lstat()
    attributes = {
        name: os.getxattr(path, name, follow_symlinks=False)
        for name in os.listxattr(path, follow_symlinks=False)
        if not name.startswith("trusted.overlay.")
    }
    links = info.st_nlink if stat.S_ISREG(info.st_mode) else None
    return info.st_mode, info.st_uid, info.st_gid, info.st_rdev, info.st_mtime_ns, links, attributes
