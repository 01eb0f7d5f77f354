"""Docker's JSON progress messages, as a job's output. Pure: messages in, entries and a percentage out."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final, Protocol

_DIGEST: Final = re.compile(r"Digest: (\S+)")
#: How much of a layer's way is done when its download is; the rest is unpacking it.
_DOWNLOADED: Final = 0.7
_FIXED: Final[Mapping[str, float]] = {
    "Verifying Checksum": _DOWNLOADED,
    "Download complete": _DOWNLOADED,
    "Pull complete": 1.0,
    "Already exists": 1.0,
    "Pushed": 1.0,
    "Layer already exists": 1.0,
}
#: A layer that the registry has in another repository.
_MOUNTED: Final = "Mounted from"


class Output(Protocol):
    """Where the entries go: a job's writer."""

    def line(self, text: str) -> None: ...

    def layer(self, layer: str, status: str, current: int = 0, total: int = 0) -> None: ...


@dataclass
class PullProgress:
    """Reads the messages of a pull or a push; `digest` is the manifest's, once the engine has told it."""

    out: Output
    digest: str = ""
    _ways: dict[str, float] = field(default_factory=dict)
    _sizes: dict[str, int] = field(default_factory=dict)

    @property
    def percent(self) -> int:
        """Of all layers that are known; 99 at most, as the end is the engine's to tell."""
        if not self._ways:
            return 0
        return min(99, int(100 * sum(self._ways.values()) / len(self._ways)))

    def take(self, message: Mapping[str, Any]) -> None:
        """Show one message."""
        status, id_ = str(message.get("status", "")), str(message.get("id", ""))
        self.digest = (message.get("aux") or {}).get("Digest", self.digest)
        # With "Pulling from", the ID is the tag.
        if id_ and not status.startswith("Pulling from"):
            self._layer(id_, status, message.get("progressDetail") or {})
        elif status:
            self._say(f"{id_}: {status}" if id_ else status)

    def _say(self, text: str) -> None:
        if match := _DIGEST.match(text):
            self.digest = match[1]
        self.out.line(text)

    def _layer(self, layer: str, status: str, detail: Mapping[str, Any]) -> None:
        current, total = int(detail.get("current") or 0), int(detail.get("total") or 0)
        way = _way(status, current, total)
        self._ways[layer] = max(self._ways.get(layer, 0.0), way)
        if total == 0 and way > 0:
            # The messages at the end of a phase give no sizes; the layer's is known by then.
            current = total = self._sizes.get(layer, 0)
        self._sizes[layer] = total
        self.out.layer(layer, status, current, total)


def _way(status: str, current: int, total: int) -> float:
    """How much of a layer's way is done, from 0 to 1."""
    part = min(1.0, current / total) if total > 0 else 0.0
    if status == "Downloading":
        return part * _DOWNLOADED
    if status == "Extracting":
        return _DOWNLOADED + part * (1 - _DOWNLOADED)
    if status == "Pushing":
        return part
    return 1.0 if status.startswith(_MOUNTED) else _FIXED.get(status, 0.0)
