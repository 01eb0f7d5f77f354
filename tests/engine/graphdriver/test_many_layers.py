"""An image of as many layers as there may be, in a real engine: it runs, and its containers share all of it."""

import subprocess
from pathlib import Path

import pytest

from engine.graphdriver.driver import MAX_LAYERS
from tests.engine.image.archive.bundles import config, docker
from tests.engine.image.archives import archive, entry
from tests.support.engine import EngineProcess

pytestmark = pytest.mark.root


def _image(count: int) -> bytes:
    base = archive(entry("bin", "dir"), entry("bin/sh", data=Path("/bin/busybox").read_bytes(), mode=0o755))
    layers = [
        base,
        *(archive(entry(f"file-{n}", data=b"%d" % n), entry("top", data=b"%d" % n)) for n in range(1, count)),
    ]
    names = [f"{number}.tar" for number in range(count)]
    row = {"Layers": names, "RepoTags": ["many:1"]}
    return docker(dict(zip(names, layers, strict=True)), row=row, raw=config(*layers))


def _used(folder: Path) -> int:
    """Bytes on the disk, without what is mounted below."""
    said = subprocess.run(
        ["du", "--one-file-system", "--summarize", "--block-size=1", folder], check=True, capture_output=True
    )
    return int(said.stdout.split()[0])


def test_as_many_layers_as_may_be(engine: EngineProcess, tmp_path: Path) -> None:
    docker_ = engine.docker
    (tmp_path / "image.tar").write_bytes(_image(MAX_LAYERS))
    docker_("load", "--input", tmp_path / "image.tar")
    containers = engine.config.home / "overlay/containers"
    keys = [docker_("run", "--detach", "many:1", "/bin/sh", "-c", "sleep 600") for _ in range(2)]
    try:
        assert docker_("exec", keys[0], "/bin/sh", "-c", "cat /file-1 /file-100 /top") == "1100126"
        roots = [containers / key / "merged" for key in keys]
        assert all(len(list(root.glob("file-*"))) == MAX_LAYERS - 1 for root in roots)
        facts = [{path.name: (path.stat().st_ino, path.stat().st_size) for path in root.glob("*/*")} for root in roots]
        assert facts[0]["sh"] == facts[1]["sh"], "one inode, and so one copy on the disk and in the page cache"
        assert all(_used(containers / key) < 64 << 10 for key in keys)
    finally:
        docker_("rm", "--force", *keys)
        docker_("rmi", "many:1")


def test_one_more_is_refused_before_it_is_unpacked(engine: EngineProcess, tmp_path: Path) -> None:
    (tmp_path / "image.tar").write_bytes(_image(MAX_LAYERS + 1))
    before = set((engine.config.home / "overlay/layers").iterdir())
    with pytest.raises(subprocess.CalledProcessError) as caught:
        engine.docker("load", "--input", tmp_path / "image.tar")
    assert "max depth exceeded" in caught.value.stderr
    assert set((engine.config.home / "overlay/layers").iterdir()) == before
