"""How far the layers and steps of a job are, as its row keeps it. Pure."""

from typing import Any, Final

import msgspec

from dashboard.jobs.output.entries import Layer, Status, Step

#: Images have fewer layers, and Dockerfiles fewer steps; a row in a database must not grow without end.
MOST: Final = 256


class Parts:
    """The last word of each layer and each step."""

    def __init__(self) -> None:
        self._orders: dict[str, int] = {}
        self._layers: dict[str, Layer] = {}
        self._steps: dict[int, Step] = {}
        #: The step that runs, 0 where none does.
        self.step = 0

    def order_of(self, layer: str) -> int:
        """The layer's place on the page: that of its first word."""
        return self._orders.setdefault(layer, len(self._orders))

    def take(self, part: Layer | Step) -> None:
        if isinstance(part, Layer):
            self._layers[part.layer] = part
        else:
            self._steps[part.step] = part
            self.step = part.step if part.status is Status.RUNNING else 0

    def to_json(self) -> dict[str, Any]:
        """`{"layers": […], "steps": […]}`, each as its entry's fields."""
        return {
            "layers": [_fields(layer) for layer in list(self._layers.values())[:MOST]],
            "steps": [_fields(self._steps[number]) for number in sorted(self._steps)[:MOST]],
        }


def _fields(part: Layer | Step) -> dict[str, Any]:
    return {name: msgspec.to_builtins(getattr(part, name)) for name in part.__struct_fields__}
