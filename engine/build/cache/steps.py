"""The cache of steps: which layers there are already."""

import time
from collections import Counter
from collections.abc import Collection, Iterator
from contextlib import contextmanager

from engine.build.cache.records import StepRecord
from engine.build.state import Layer
from engine.image.service import Images
from engine.store import Records


class StepCache:
    """All steps by key. Construct it before the event loop serves anybody: it reads the records.

    What they name stays in the store (`needed`); a step whose layer is gone all the same is as good as not done.
    """

    def __init__(self, records: Records[StepRecord], images: Images) -> None:
        self._records = records
        self._images = images
        self._steps = records.load()
        self._unsaved: set[str] = set()
        self._has_new_layers = False
        self._in_use: Counter[str] = Counter()
        self._needed: tuple[set[str], set[str]] | None = None
        for step in self._steps.values():
            if step.layer:
                images.layer_store.know(step.layer.chain_id, step.layer.size)

    def needed(self) -> tuple[set[str], set[str]]:
        """The chain IDs of all layers, and the digests of all archives, that are kept for steps."""
        if self._needed is None:
            layers = [step.layer for step in self._steps.values() if step.layer]
            self._needed = {layer.chain_id for layer in layers}, {layer.blob.digest for layer in layers}
        return self._needed

    def items(self) -> Iterator[tuple[str, StepRecord]]:
        return iter(tuple(self._steps.items()))

    def get(self, key: str) -> StepRecord | None:
        """The step that was done with this key, when what it made is still there."""
        step = self._steps.get(key)
        if step is None or (step.layer is not None and not self._has(step.layer)):
            return None
        step.uses += 1
        return step

    def put(self, key: str, step: StepRecord) -> None:
        """Know the step, and that it is used now; it is written down by the next `save`."""
        step.used = time.time()
        step.made = step.made or step.used
        known = self._steps.get(key)
        if step.layer and (known is None or known.layer != step.layer):
            self._has_new_layers, self._needed = True, None
        self._steps[key] = step
        self._unsaved.add(key)

    async def save(self) -> None:
        """Write down what has changed, when the layers that it names are on the disk."""
        keys, self._unsaved = self._unsaved, set()
        is_new, self._has_new_layers = self._has_new_layers, False
        if is_new:
            await self._images.layer_store.sync()
            await self._images.blobs.sync()
        await self._records.put_all({key: self._steps[key] for key in keys if key in self._steps})

    @contextmanager
    def held(self) -> Iterator["Hold"]:
        """For the length of a build: what it holds is not pruned."""
        hold = Hold(self._in_use)
        try:
            yield hold
        finally:
            hold.release()

    def is_held(self, key: str) -> bool:
        return self._in_use[key] > 0

    async def remove(self, keys: Collection[str]) -> set[str]:
        """Forget those of the steps that no build uses by now, and let go of what none of the others has."""
        gone = {key: self._steps.pop(key) for key in keys if key in self._steps and not self.is_held(key)}
        layers = [step.layer for step in gone.values() if step.layer]
        self._needed = None
        self._unsaved.difference_update(gone)
        await self._records.delete(*gone)
        await self._images.collect(
            [layer.chain_id for layer in reversed(layers)], [layer.blob.digest for layer in layers]
        )
        return set(gone)

    def _has(self, layer: Layer) -> bool:
        return self._images.layer_store.has(layer.chain_id) and self._images.blobs.has(layer.blob.digest)


class Hold:
    """The keys of one build."""

    def __init__(self, counts: Counter[str]) -> None:
        self._counts = counts
        self._keys: list[str] = []

    def add(self, key: str) -> None:
        self._counts[key] += 1
        self._keys.append(key)

    def release(self) -> None:
        self._counts.subtract(self._keys)
        self._keys.clear()
