"""Which entries of the cache go."""

from collections.abc import Sequence
from typing import Any, cast

import pytest

from engine.build.cache.entries import MOUNT, STEP, Entries, Entry
from engine.build.cache.prune import Pruning, prune, thin_out
from engine.errors import InvalidParameter


class Held:
    """Entries as they are listed, and what has been removed of them."""

    def __init__(self, *entries: Entry) -> None:
        self.entries = entries
        self.gone: list[str] = []
        self.steps = self.mounts = self

    async def all(self) -> list[Entry]:
        return list(self.entries)

    async def remove(self, names: Sequence[str] | str) -> int | set[str]:
        if isinstance(names, str):
            self.gone.append(names)
            return 7
        self.gone += names
        return set(names)


def entry(name: str, **fields: Any) -> Entry:
    return Entry(**{"id": name, "kind": STEP, "description": "", "size": 10, "created": 0.0, "used": 0.0, **fields})


async def pruned(*entries: Entry, **wanted: Any) -> tuple[list[str], int]:
    held = Held(*entries)
    report = await prune(cast(Entries, held), Pruning(**wanted))
    return held.gone, report["SpaceReclaimed"]


async def test_what_serves_an_image_goes_only_with_all() -> None:
    entries = entry("a"), entry("b", dangling=False, shared=True), entry("c", in_use=True)
    assert await pruned(*entries) == (["a"], 10)
    assert await pruned(*entries, all_=True) == (["a", "b"], 10)


async def test_what_was_used_last_may_stay() -> None:
    entries = [entry(str(number), used=float(number)) for number in range(4)]
    assert await pruned(*entries, keep=25) == (["0", "1"], 20)
    assert await pruned(*entries, keep=100) == ([], 0)
    shared = entry("image's", shared=True, dangling=False)
    assert await pruned(shared, *entries, keep=25, all_=True) == (["0", "1"], 20)


async def test_more_than_enough_are_thinned_out() -> None:
    held = Held(*(entry(str(number), used=float(number), in_use=number == 1) for number in range(5)))
    await thin_out(cast(Entries, held), 2)
    assert held.gone == ["0", "2"]
    await thin_out(cast(Entries, held), 5)
    assert held.gone == ["0", "2"]


async def test_cache_mounts_count_what_they_had() -> None:
    assert await pruned(entry("x-0", kind=MOUNT)) == (["x/0"], 7)


@pytest.mark.parametrize(
    ("filters", "gone"),
    [
        ({"until": ["50"]}, ["old"]),
        ({"id": ["ne"]}, ["new"]),
        ({"type": [MOUNT]}, ["x/0"]),
        ({"description": ["RUN"]}, ["old"]),
        ({"parent": ["old"]}, ["new"]),
        ({"shared": ["true"], "id": ["new"]}, []),
        ({"private": []}, ["old", "new", "x/0"]),
        ({"inuse": ["true"]}, []),
    ],
)
async def test_filters(filters: dict[str, list[str]], gone: list[str]) -> None:
    entries = (
        entry("old", used=10.0, description="RUN x"),
        entry("new", used=100.0, parent="old"),
        entry("x-0", kind=MOUNT, used=100.0),
    )
    assert (await pruned(*entries, filters=filters))[0] == gone


async def test_a_filter_that_is_none_is_refused() -> None:
    with pytest.raises(InvalidParameter, match="invalid filter 'colour'"):
        await pruned(filters={"colour": ["red"]})
