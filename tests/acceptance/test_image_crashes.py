"""The engine is killed at random moments of all that is done with images; its successor's store must be whole.

PORTSIDE_TEST_LONG=1 kills it a hundred times; PORTSIDE_TEST_SEED chooses other moments.
"""

import json
import os
import random
import sqlite3
import subprocess
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Final

import msgspec
import psutil
import pytest

from engine.graphdriver.layout import NO_LAYER, layer_name
from engine.image.digest import chain_ids
from engine.image.graph import ImageRecord
from tests.support import oci, session
from tests.support.engine import EngineProcess
from tests.support.registry import Registry
from tests.support.waiting import until

pytestmark = [pytest.mark.root, pytest.mark.timeout(3600)]

#: Kills a run of the suite; each of the deeds has its turn.
_KILLS: Final = 100 if os.environ.get("PORTSIDE_TEST_LONG") else 5
_FILES: Final = 120
#: Reads all files that the images here have of their own.
_SUM: Final = "cat /etc/passwd /made-*/* /[0-9]* 2> /dev/null | md5sum"


class Store:
    """An engine with an image that comes and goes, an archive of it, and a container that has written."""

    def __init__(self, engine: EngineProcess, busybox: str, remote: str) -> None:
        self.engine = engine
        self._base = busybox
        self._remote = remote
        self._archive = session.directory("archive") / "image.tar"
        engine.docker("pull", "--quiet", busybox)
        self._pull()
        engine.docker("save", "--output", self._archive, remote)
        engine.docker("run", "--name", "writer", busybox, "sh", "-c", "for i in $(seq 120); do seq 2000 > /$i; done")
        # Each with what has to be so before it, and its command.
        self.deeds: dict[str, tuple[Callable[[], object], list[str | Path]]] = {
            "pull": (self._remove, ["pull", "--quiet", remote]),
            "load": (self._remove, ["load", "--quiet", "--input", self._archive]),
            "rmi": (self._pull, ["rmi", "--force", remote]),
            "commit": (lambda: None, ["commit", "writer", "committed"]),
            "prune": (self._pull, ["image", "prune", "--all", "--force"]),
        }
        self._contents: dict[str, str] = {}
        self._takes = {name: self._timed(name) for name in self.deeds}

    def start(self, deed: str) -> "subprocess.Popen[bytes]":
        docker = self.engine.docker
        argv = docker.argv(*self.deeds[deed][1])
        quiet = subprocess.DEVNULL
        return subprocess.Popen(argv, env=dict(docker.environment), stdin=quiet, stdout=quiet, stderr=quiet)

    def kill_during(self, deed: str, share: float) -> None:
        """Kill the engine when this share of the time has passed that the deed takes; then start another."""
        self.deeds[deed][0]()
        children: list[psutil.Process] = []
        with self.start(deed) as client:
            time.sleep(share * self._takes[deed])
            children = psutil.Process(self.engine.pid).children(recursive=True)
            self.engine.kill9()
            client.wait(30)
        # conmon outlives the engine on purpose; what works for it has to go with it
        workers = [child for child in children if child.is_running() and "conmon" not in child.name()]
        assert psutil.wait_procs(workers, timeout=30)[1] == []
        self.engine.restart()

    def _timed(self, deed: str) -> float:
        self.deeds[deed][0]()
        begin = time.monotonic()
        with self.start(deed) as client:
            assert client.wait(60) == 0
        return time.monotonic() - begin

    def _pull(self) -> None:
        self.engine.docker("pull", "--quiet", self._remote, timeout=100)

    def _remove(self) -> None:
        if self.engine.docker("images", "--quiet", self._remote):
            self.engine.docker("rmi", "--force", self._remote)

    def assert_whole(self, when: str) -> None:
        """Every listed image runs and has what it had, and after a prune nothing else lies on the disk."""
        docker = self.engine.docker
        docker("image", "prune", "--force")
        for image in set(docker("images", "--quiet", "--no-trunc").split()):
            content = docker("run", "--rm", "--network", "none", image, "sh", "-c", _SUM)
            assert content == self._contents.setdefault(image, content), when
        until(f"the end of all that {when} left", lambda: self._found() == self._expected())

    def _expected(self) -> dict[str, set[str]]:
        docker = self.engine.docker
        images = set(docker("images", "--quiet", "--no-trunc").split())
        layers = {
            layer_name(chain)
            for image in images
            for chain in chain_ids(json.loads(docker("inspect", image))[0]["RootFS"]["Layers"])
        }
        nothing: set[str] = set()
        return {
            "images": images,
            "blobs": {digest.removeprefix("sha256:") for digest in self._blobs()},
            "layers": layers | {NO_LAYER},
            **dict.fromkeys(("ingest", "partial", "staging", "trash"), nothing),
        }

    def _found(self) -> dict[str, set[str]]:
        home = self.engine.config.home
        folders = {name: home / "images" / name for name in ("ingest", "partial")}
        folders |= {name: home / "overlay" / name for name in ("layers", "staging", "trash")}
        found = {name: {path.name for path in folder.iterdir()} for name, folder in folders.items()}
        blobs = {path.name for path in (home / "images/sha256").iterdir()}
        return found | {"images": {record.id for record in self._records()}, "blobs": blobs}

    def _blobs(self) -> set[str]:
        return {
            digest
            for record in self._records()
            for digest in (record.manifest.digest, record.config.digest, *(layer.digest for layer in record.layers))
        }

    def _records(self) -> list[ImageRecord]:
        with closing(sqlite3.connect(f"file:{self.engine.config.database}?mode=ro", uri=True)) as database:
            rows = database.execute("SELECT body FROM record WHERE kind = 'image'").fetchall()
        return [msgspec.json.decode(body, type=ImageRecord) for (body,) in rows]


@pytest.fixture
def remote(registry: Registry, busybox_layout: Path) -> str:
    """An image of busybox and two layers of many files: it takes long enough to be interrupted."""
    folder = session.directory("many")
    base, layout = oci.Layout(busybox_layout), oci.Layout.create(folder / "layout")
    layers = layout.adopt_layers(base)
    for number in range(2):
        root = folder / f"layer-{number}" / f"made-{number}"
        root.mkdir(parents=True)
        for name in range(_FILES):
            (root / str(name)).write_bytes(random.Random(name).randbytes(20_000))
        layers.append(layout.add_tree(root.parent))
    layout.finish(layers, {"Cmd": ["sh"], "Env": ["PATH=/bin"]}, ["ADD busybox", "ADD many", "ADD more"])
    return registry.push(layout.path, "many:1")


def test_the_store_is_whole_whenever_the_engine_is_killed(
    make_engine: Callable[..., EngineProcess], busybox: str, remote: str
) -> None:
    store = Store(make_engine(), busybox, remote)
    moments = random.Random(os.environ.get("PORTSIDE_TEST_SEED", "portside"))
    for number in range(_KILLS):
        deed = list(store.deeds)[number % len(store.deeds)]
        share = moments.uniform(0, 1.1)
        store.kill_during(deed, share)
        store.assert_whole(f"kill {number}, after {share:.3f} of a {deed},")
