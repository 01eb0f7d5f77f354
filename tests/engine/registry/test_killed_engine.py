"""The engine is killed while it pulls: the next one finds nothing half-done, and pulls again."""

import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import psutil
import pytest

from tests.support.engine import EngineProcess

pytestmark = pytest.mark.root


def _anything(folder: Path) -> bool:
    return any(folder.iterdir())


@pytest.mark.parametrize("where", ["images/partial", "overlay/staging"], ids=["downloading", "unpacking"])
def test_killed_while(make_engine: Callable[..., EngineProcess], debian: str, where: str) -> None:
    engine = make_engine()
    home = engine.config.home
    argv = engine.docker.argv("pull", "--quiet", debian)
    with subprocess.Popen(argv, env=engine.docker.environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL):
        deadline = time.monotonic() + 60
        while not _anything(home / where) and time.monotonic() < deadline:
            time.sleep(0.001)  # either state lasts some tenths of a second
        children = psutil.Process(engine.pid).children(recursive=True)
        engine.kill9()
    assert psutil.wait_procs(children, timeout=30)[1] == []
    engine.restart()
    assert not any(_anything(home / folder) for folder in ("images/ingest", "images/sha256", "overlay/staging"))
    assert not _anything(home / "overlay/trash")
    assert [path.name for path in (home / "overlay/layers").iterdir()] == ["none"]
    assert engine.docker("images", "--quiet") == ""
    engine.docker("pull", "--quiet", debian, timeout=100)
    assert engine.docker("images", "--quiet") != ""
    engine.docker("rmi", debian)
    assert not _anything(home / "images/sha256")
