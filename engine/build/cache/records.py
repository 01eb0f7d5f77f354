"""What is written down of a step that was done."""

import hashlib
from typing import Any

import msgspec

from engine.build.state import Layer


class StepRecord(msgspec.Struct, kw_only=True):
    """One step, by its key, which says how it came about.

    `created` (RFC 3339) and `words` are what an image's history says of it; `layer` is None where no file was changed.
    `parent` is the key of the step before. `made` and `used` are Unix seconds.
    """

    parent: str
    created: str
    words: str
    layer: Layer | None = None
    made: float = 0.0
    used: float = 0.0
    uses: int = 0

    @property
    def size(self) -> int:
        return self.layer.size if self.layer else 0


def key_of(parent: str, *parts: Any) -> str:
    """A step's key: by the one of the step before, and by all that its result depends on (what JSON can say)."""
    return hashlib.sha256(msgspec.json.encode([parent, *parts])).hexdigest()
