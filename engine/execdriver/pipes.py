"""The pipes on which conmon speaks back (its documented protocol, as podman and CRI-O use it).

The *sync* pipe carries one JSON line, `{"data": PID}` or `{"data": -1, "message": …}`; for an attached exec the
*attach* pipe says that the socket is there, and the *start* pipe tells conmon to go on.
"""

import contextlib
import os
from dataclasses import dataclass, field
from typing import Self

from engine.linux import waiting


@dataclass
class Pipes:
    """The pipes that one conmon inherits, as (read end, write end); the last two only for an attached exec."""

    sync: tuple[int, int] = field(default_factory=os.pipe)
    attach: tuple[int, int] | None = None
    start: tuple[int, int] | None = None

    @classmethod
    def open(cls, stack: contextlib.ExitStack, *, attached: bool = False) -> Self:
        """The ends on our side close with `stack`; the others are closed by `give_away`."""
        pipes = cls(attach=os.pipe(), start=os.pipe()) if attached else cls()
        ours = [pipes.sync[0]]
        if pipes.attach and pipes.start:
            ours += [pipes.attach[0], pipes.start[1]]
        for descriptor in ours:
            os.set_blocking(descriptor, False)
            stack.callback(os.close, descriptor)
        return pipes

    def go_on(self) -> None:
        """Let conmon take its next step, first to its socket, then to the process."""
        if self.start:
            os.write(self.start[1], b"\0")

    async def is_listening(self) -> bool:
        """Wait for the attach socket; False when conmon has ended before it was there."""
        return bool(self.attach and await waiting.read_line(self.attach[0]))

    def environment(self) -> dict[str, str]:
        """How conmon learns which descriptors are which."""
        theirs = {"_OCI_SYNCPIPE": self.sync[1]}
        if self.attach and self.start:
            theirs |= {"_OCI_ATTACHPIPE": self.attach[1], "_OCI_STARTPIPE": self.start[0]}
        return {name: str(descriptor) for name, descriptor in theirs.items()}

    def inherited(self) -> list[int]:
        return [int(text) for text in self.environment().values()]

    def give_away(self) -> None:
        """conmon has its ends: close them here, so that its end is seen."""
        for descriptor in self.inherited():
            os.close(descriptor)
