"""A terminal at work: bytes between one browser and one shell, as fast as the slower of the two.

Five loops share a session, and the first to end ends it. None waits for another: input is not held up by output that
nobody reads, so Ctrl-C reaches a program that floods the terminal.
"""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from time import monotonic
from typing import Final, Protocol

from django.utils.translation import gettext as _

from dashboard.terminal.flow import INPUT_WINDOW, OUTPUT_WINDOW, Incoming, Outgoing
from dashboard.terminal.protocol import (
    MAX_CHUNK,
    VERSION,
    Acknowledge,
    ClientFrame,
    Close,
    Input,
    Output,
    Ping,
    Pong,
    ProtocolError,
    Ready,
    Reason,
    Resize,
)
from dashboard.terminal.race import race
from dashboard.terminal.refusal import Refused
from dashboard.terminal.socket import GoneError, Socket

#: Proxies close what is silent for a minute; and this often the user's sign-in is looked at again.
PING_SECONDS: Final = 25.0
#: A browser that has said nothing for so long, pings unanswered, is gone.
SILENT_SECONDS: Final = 80.0


class Terminal(Protocol):
    """What a session needs of a shell."""

    async def read(self) -> bytes: ...
    async def write(self, data: bytes) -> None: ...
    async def resize(self, rows: int, columns: int) -> None: ...
    async def end(self) -> Close: ...


@dataclass
class Session:
    """`check` raises Refused once the user may no longer use the terminal."""

    socket: Socket
    shell: Terminal
    check: Callable[[], Awaitable[object]]
    ping_seconds: float = PING_SECONDS
    silent_seconds: float = SILENT_SECONDS
    _output: Outgoing = field(default_factory=lambda: Outgoing(OUTPUT_WINDOW))
    _input: Incoming = field(default_factory=lambda: Incoming(INPUT_WINDOW))
    _room: asyncio.Event = field(default_factory=asyncio.Event)
    _typed: asyncio.Queue[bytes] = field(default_factory=asyncio.Queue)
    _size: Resize | None = None
    _resized: asyncio.Event = field(default_factory=asyncio.Event)
    _heard: float = field(default_factory=monotonic)

    async def run(self, session_id: str, path: str) -> Close:
        """Announce the terminal and serve it until one side ends it: what the browser is to be told, if it is there.

        Raises what the shell's calls raise when the engine fails.
        """
        ready = Ready(
            version=VERSION,
            session=session_id,
            input=self._input.received,
            output=self._output.sent,
            input_window=self._input.window,
            output_window=self._output.window,
            shell=path,
        )
        try:
            await self.socket.send(ready)
            return await self._serve()
        except ProtocolError as error:
            return Close(Reason.MALFORMED, str(error))
        except Refused as refused:
            return refused.close
        except GoneError:
            return Close(Reason.HANG_UP)

    async def _serve(self) -> Close:
        return await race(
            output=self._show(), frames=self._listen(), input=self._type(), size=self._fit(), watch=self._watch()
        )

    async def _listen(self) -> Close:
        while True:
            frame = await self.socket.receive()
            self._heard = monotonic()
            if isinstance(frame, Close):
                return Close(Reason.HANG_UP)
            await self._take(frame)

    async def _take(self, frame: ClientFrame) -> None:
        match frame:
            case Input(offset, data):
                self._input.receive(offset, len(data))
                self._typed.put_nowait(data)
            case Acknowledge(offset):
                self._output.acknowledge(offset)
                self._room.set()
            case Resize():
                self._size = frame
                self._resized.set()
            case Ping(token):
                await self.socket.send(Pong(token))
            case Pong():
                pass
            case _:
                raise ProtocolError(f"{frame.opcode.name} has no place in a terminal that is open")

    async def _show(self) -> Close:
        """Output. Only what the browser has room for is taken from the engine, which then holds back the shell."""
        while data := await self.shell.read():
            for start in range(0, len(data), MAX_CHUNK):
                await self._send(data[start : start + MAX_CHUNK])
        return await self.shell.end()

    async def _send(self, data: bytes) -> None:
        while self._output.room < len(data):
            self._room.clear()
            await self._room.wait()
        await self.socket.send(Output(self._output.send(len(data)), data))

    async def _type(self) -> Close:
        """Input. The queue is bounded by the window, beyond which the browser must not send."""
        while True:
            data = await self._typed.get()
            await self.shell.write(data)
            if (offset := self._input.consume(len(data))) is not None:
                await self.socket.send(Acknowledge(offset))

    async def _fit(self) -> Close:
        """Sizes: while one is under way to the engine, only the newest of those that follow counts."""
        while True:
            await self._resized.wait()
            self._resized.clear()
            if self._size is not None:
                await self.shell.resize(self._size.rows, self._size.columns)

    async def _watch(self) -> Close:
        while True:
            await asyncio.sleep(self.ping_seconds)
            await self.check()
            if monotonic() - self._heard > self.silent_seconds:
                return Close(Reason.SILENT, _("The browser has not answered for %d seconds") % self.silent_seconds)
            await self.socket.send(Ping())
