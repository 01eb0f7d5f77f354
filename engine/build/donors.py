"""Images whose layers a build may take instead of making them again: `--cache-from`.

An image's history says what each of its layers was made by, down to the checksum of what was copied. So an image that
was built elsewhere from the same is as good as a cache, and needs nothing beside what any registry keeps.
"""

from dataclasses import dataclass, replace

from engine.build.state import Layer, State
from engine.image.config import Step


@dataclass(frozen=True, slots=True)
class Donor:
    """An image, and how far a stage has gone with it: so many lines of its history, so many layers."""

    state: State
    lines: int = 0
    layers: int = 0

    def started(self, base: State) -> "Donor | None":
        """The donor for a stage that begins with `base`; None when its image does not begin so."""
        lines, layers = len(base.history), len(base.layers)
        same = self.state.history[:lines] == base.history and self.state.chain[:layers] == base.chain
        return replace(self, lines=lines, layers=layers) if same else None

    def next(self, created_by: str) -> tuple[Step, Layer | None, "Donor"] | None:
        """The step that follows, when it is the one wanted: its line, its layer, and the donor behind it."""
        if self.lines >= len(self.state.history) or self.state.history[self.lines].created_by != created_by:
            return None
        step = self.state.history[self.lines]
        if step.empty_layer:
            return step, None, replace(self, lines=self.lines + 1)
        if self.layers >= len(self.state.layers):
            return None
        layer = self.state.layers[self.layers]
        return step, layer, replace(self, lines=self.lines + 1, layers=self.layers + 1)
