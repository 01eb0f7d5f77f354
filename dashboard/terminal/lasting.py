"""A shell that the engine holds: this end is a connection to it, one for each browser, and nothing is lost with it."""

from collections import deque
from dataclasses import dataclass
from typing import Final

from aiodocker import Docker
from aiodocker.exceptions import DockerError

from dashboard.terminal.calls import Sequenced, attach_again
from dashboard.terminal.execs import end_of, resize
from dashboard.terminal.protocol import Close
from dashboard.terminal.sequence import Event, Frames, Written

#: Bytes of output that a browser gets which has none.
REPLAY: Final = 1 << 20
#: The engine's answer to a client that asks for output which is not there yet.
_BAD_REQUEST: Final = 400


@dataclass(frozen=True)
class Start:
    """Where the streams stand as a connection begins: `output` comes next, of `end` bytes that there are; `input` bytes
    of this client have been taken."""

    output: int
    end: int
    input: int


class LastingShell:
    """One client's connection; `start` says where it begins. `skip` bytes at the stream's beginning are not shown."""

    def __init__(self, docker: Docker, exec_id: str, stream: Sequenced, start: Start, skip: int) -> None:
        self.start = start
        self._docker = docker
        self._exec_id = exec_id
        self._stream = stream
        self._skip = skip
        self._frames = Frames()
        self._events: deque[Event] = deque()

    @classmethod
    async def open(
        cls, docker: Docker, exec_id: str, *, source: str, received: int | None, skip: int = 0
    ) -> "LastingShell":
        """Connect, for the output from byte `received` on; for the latest where that is None, or never was written.

        Raises DockerError: 404 when the engine does not know the session any more.
        """
        query: dict[str, str | int] = {"source": source} if source else {}
        stream = attach_again(docker, exec_id, **query, **_from(received))
        try:
            numbers = await stream.open()
        except DockerError as error:
            if error.status != _BAD_REQUEST or received is None:
                raise
            return await cls.open(docker, exec_id, source=source, received=None, skip=skip)
        start = Start(max(numbers["Position"], skip), numbers["End"], numbers["Typed"])
        return cls(docker, exec_id, stream, start, skip)

    async def read(self) -> Event | None:
        """What has happened next; None at the end."""
        while not self._events:
            message = await self._stream.read_out()
            if message is None:
                return None
            self._events.extend(event for each in self._frames.feed(message.data) if (event := self._shown(each)))
        return self._events.popleft()

    async def write(self, data: bytes) -> None:
        """Send `data` on; an event of type Taken tells when it has arrived."""
        await self._stream.write_in(data)

    async def resize(self, rows: int, columns: int) -> None:
        await resize(self._docker, self._exec_id, rows, columns)

    async def end(self) -> Close:
        return await end_of(self._docker, self._exec_id)

    async def close(self) -> None:
        await self._stream.close()

    def _shown(self, event: Event) -> Event | None:
        if not isinstance(event, Written) or event.offset >= self._skip:
            return event
        rest = event.data[self._skip - event.offset :]
        return Written(self._skip, rest) if rest else None


def _from(received: int | None) -> dict[str, str | int]:
    return {"tail": REPLAY} if received is None else {"from": received}
