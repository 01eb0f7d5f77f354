"""Flow control by byte offsets, without I/O: each end may be ahead of the other's acknowledgement by one window.

A window bounds what a slow or paused end costs the other one: the sender stops, and so does whoever feeds it. Lost
bytes can't hide, as each frame says where it begins.
"""

from dataclasses import dataclass
from typing import Final, Self

from dashboard.terminal.protocol import ProtocolError

OUTPUT_WINDOW: Final = 256 * 1024
INPUT_WINDOW: Final = 256 * 1024


@dataclass
class Outgoing:
    """The stream that this end sends. Offsets and sizes are in bytes."""

    window: int
    sent: int = 0
    acknowledged: int = 0

    @classmethod
    def at(cls, offset: int, window: int) -> Self:
        """A stream that goes on at `offset`."""
        return cls(window, offset, offset)

    @property
    def room(self) -> int:
        """How many bytes may be sent now."""
        return self.window - (self.sent - self.acknowledged)

    def send(self, size: int) -> int:
        """Take `size` bytes of the room and answer the offset of the first."""
        if size > self.room:
            raise ValueError(f"{size} bytes do not fit in the {self.room} that may be sent")
        offset = self.sent
        self.sent += size
        return offset

    def acknowledge(self, offset: int) -> None:
        """The other end has dealt with all below `offset`; raises ProtocolError when that can't be."""
        if not self.acknowledged <= offset <= self.sent:
            raise ProtocolError(
                f"{offset} was acknowledged, but {self.acknowledged} was before and {self.sent} bytes were sent"
            )
        self.acknowledged = offset


@dataclass
class Incoming:
    """The stream that this end receives. Offsets and sizes are in bytes."""

    window: int
    received: int = 0
    consumed: int = 0
    acknowledged: int = 0

    @classmethod
    def at(cls, offset: int, window: int) -> Self:
        """A stream that goes on at `offset`."""
        return cls(window, offset, offset, offset)

    def receive(self, offset: int, size: int) -> None:
        """A frame has come; raises ProtocolError on a gap, a repetition, and more than the window allows."""
        if offset != self.received:
            raise ProtocolError(f"a frame begins at {offset}, but {self.received} comes next")
        if self.received + size - self.acknowledged > self.window:
            raise ProtocolError(f"more than {self.window} bytes were sent without an acknowledgement")
        self.received += size

    def consume(self, offset: int) -> int | None:
        """All below `offset` is dealt with: the offset to acknowledge now, or None while it can wait.

        Waiting for a quarter of the window saves a frame a keystroke, and stalls no sender: windows are at least four
        of the largest chunks.
        """
        self.consumed = max(self.consumed, min(offset, self.received))
        if self.consumed - self.acknowledged < self.window // 4:
            return None
        self.acknowledged = self.consumed
        return self.acknowledged
