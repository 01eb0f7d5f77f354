"""What `GET /system/df` says, held against `du` on the state directory."""

import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.engine.image.archive.bundles import config, docker
from tests.engine.image.archives import archive, entry
from tests.support import api
from tests.support.engine import EngineProcess

pytestmark = pytest.mark.root


def du(*folders: Path) -> int:
    """The bytes of all files and links below, one with several names once; folders themselves count nothing."""
    argv = ["du", "--all", "--bytes", "--null", "--one-file-system", *map(str, folders)]
    said = subprocess.run(argv, check=True, capture_output=True).stdout.decode(errors="surrogateescape")
    rows = (row.split("\t", 1) for row in said.rstrip("\0").split("\0"))
    return sum(int(size) for size, name in rows if Path(name).is_symlink() or not Path(name).is_dir())


def df(engine: EngineProcess) -> Any:
    return api.request(engine.socket, "GET", "/system/df").json


def on_disk(engine: EngineProcess) -> int:
    """What images take: unpacked, and as they came."""
    return du(engine.config.home / "overlay/layers", engine.config.home / "images/sha256")


@pytest.fixture
def empty(engine: EngineProcess) -> Iterator[EngineProcess]:
    engine.docker("image", "prune", "--all", "--force")
    engine.docker("builder", "prune", "--all", "--force")
    yield engine
    engine.remove_containers()
    engine.docker("image", "prune", "--all", "--force")
    engine.docker("volume", "prune", "--all", "--force")


def test_images_that_share_layers(empty: EngineProcess, busybox: str) -> None:
    docker_ = empty.docker
    docker_("pull", "--quiet", busybox)
    docker_(
        "run",
        "--name",
        "writer",
        busybox,
        "sh",
        "-c",
        "head -c 300000 /dev/urandom > /big && ln /big /twin && rm -r /home",
    )
    docker_("commit", "writer", "grown")
    docker_("rm", "writer")

    told = df(empty)

    assert told["LayersSize"] == on_disk(empty)
    small, big = sorted(told["Images"], key=lambda image: int(image["Size"]))
    assert small["SharedSize"] == big["SharedSize"] > 0
    assert told["LayersSize"] == small["Size"] + big["Size"] - small["SharedSize"]
    docker_("rmi", "grown")
    assert df(empty)["LayersSize"] == small["Size"] == on_disk(empty)


def test_what_a_prune_gave_back(empty: EngineProcess, busybox: str) -> None:
    empty.docker("pull", "--quiet", busybox)
    taken = on_disk(empty)

    report = api.request(empty.socket, "POST", '/images/prune?filters={"dangling":["false"]}').json

    assert report["SpaceReclaimed"] == taken
    assert on_disk(empty) == df(empty)["LayersSize"] == 0


def test_a_layer_that_writes_one_name_again_and_again(empty: EngineProcess, tmp_path: Path) -> None:
    layer = archive(
        *(entry("a", data=b"x" * 5000), entry("twin", "link", linkname="a"), entry("a", data=b"y" * 70_000)),
        *(entry("d/x", data=b"z" * 9000), entry("d", "symlink", linkname="elsewhere"), entry("d", data=b"1")),
    )
    (tmp_path / "image.tar").write_bytes(docker({"l/layer.tar": layer}, raw=config(layer)))
    empty.docker("load", "--input", tmp_path / "image.tar")

    (image,) = api.request(empty.socket, "GET", "/images/json").json
    assert image["Size"] == 5000 + 70_000 + 1 == du(empty.config.home / "overlay/layers")
    assert df(empty)["LayersSize"] == on_disk(empty)


def test_containers_and_volumes(empty: EngineProcess, busybox: str) -> None:
    docker_, home = empty.docker, empty.config.home
    docker_("pull", "--quiet", busybox)
    write = "head -c 123456 /dev/zero > /mine; head -c 65432 /dev/zero > /data/file; ln -s /mine /link; rm /etc/group"
    key = docker_("run", "--detach", "--volume", "data:/data", busybox, "sh", "-c", f"{write}; sleep 600")
    docker_("exec", key, "sh", "-c", "until [ ! -e /etc/group ]; do sleep 0.01; done")

    told = df(empty)

    (container,) = told["Containers"]
    assert container["SizeRw"] == du(home / "overlay/containers" / key / "diff") == 123456 + len("/mine")
    (volume,) = told["Volumes"]
    assert volume["UsageData"] == {"Size": du(home / "volumes/data/_data"), "RefCount": 1}
    assert volume["UsageData"]["Size"] == 65432
    assert [image["Containers"] for image in told["Images"]] == [1]
