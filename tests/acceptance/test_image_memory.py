"""Layers pass through the engine in pieces: how large they are does not show in its memory."""

import random
from collections.abc import Callable
from pathlib import Path
from typing import Final

import pytest

from tests.support import oci, session
from tests.support.engine import EngineProcess
from tests.support.memory import MemoryWatch
from tests.support.registry import Registry

pytestmark = pytest.mark.root

_MB: Final = 1_000_000
_LAYER: Final = 120 * _MB
#: The engine's own pieces, and the interpreter of the child that unpacks.
_LIMIT: Final = 100 * _MB


@pytest.fixture
def large(registry: Registry) -> str:
    """An image of one layer that half shrinks to nothing and half not at all."""
    folder = session.directory("large")
    layout = oci.Layout.create(folder / "layout")
    root = folder / "root"
    root.mkdir()
    chance = random.Random(1)
    with (root / "file").open("wb") as file:
        for _ in range(_LAYER // _MB // 2):
            file.write(chance.randbytes(_MB))
            file.write(bytes(_MB))
    layout.finish([layout.add_tree(root)], {}, ["ADD a large file"])
    return registry.push(layout.path, "large:1")


def test_a_large_layer_costs_little(
    make_engine: Callable[..., EngineProcess], registry: Registry, large: str, tmp_path: Path
) -> None:
    docker = (engine := make_engine()).docker
    archive = tmp_path / "image.tar"
    pushed = f"{registry.host}/copy:1"
    costs = {}
    for words in (
        ("pull", "--quiet", large),
        ("save", "--output", archive, large),
        ("rmi", large),
        ("load", "--quiet", "--input", archive),
        ("tag", large, pushed),
        ("push", "--quiet", pushed),
    ):
        with MemoryWatch(engine.pid) as memory:
            docker(*words, timeout=100)
        costs[words[0]] = memory.cost
    assert {word: cost for word, cost in costs.items() if cost > _LIMIT} == {}
    docker("rmi", large, pushed)
