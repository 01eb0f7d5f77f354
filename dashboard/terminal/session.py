"""A terminal at work: bytes between one browser and one shell, as fast as the slower of the two.

Several loops share a session, and the first to end ends it. None waits for another: input is not held up by output that
nobody reads, so Ctrl-C reaches a program that floods the terminal.
"""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from time import monotonic
from typing import Final, Protocol

from django.utils.translation import gettext as _

from dashboard.terminal.attendance import Attendance
from dashboard.terminal.flow import INPUT_WINDOW, OUTPUT_WINDOW, Incoming, Outgoing
from dashboard.terminal.lasting import Start
from dashboard.terminal.protocol import (
    MAX_CHUNK,
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
from dashboard.terminal.room import Room
from dashboard.terminal.sequence import Event, Taken
from dashboard.terminal.socket import GoneError, Socket

#: Proxies close what is silent for a minute.
PING_SECONDS: Final = 25.0
#: A browser that has said nothing for so long, pings unanswered, is gone.
SILENT_SECONDS: Final = 80.0


class Terminal(Protocol):
    """What a session needs of a shell."""

    start: Start

    async def read(self) -> Event | None: ...
    async def write(self, data: bytes) -> None: ...
    async def resize(self, rows: int, columns: int) -> None: ...
    async def end(self) -> Close: ...


class Connection(Terminal, Protocol):
    """One that is closed by whoever opened it; the shell goes on."""

    async def close(self) -> None: ...


@dataclass(frozen=True)
class Times:
    """Seconds between pings, between looks at the user's rights, and how long a browser may be silent."""

    ping: float = PING_SECONDS
    check: float = 2.5
    silent: float = SILENT_SECONDS


TIMES: Final = Times()


class Session:
    """`check` raises Refused once the user may no longer use the terminal; `size` is the browser's own."""

    def __init__(
        self,
        socket: Socket,
        shell: Terminal,
        room: Room,
        size: Resize,
        *,
        check: Callable[[], Awaitable[object]],
        times: Times = TIMES,
    ) -> None:
        self._socket = socket
        self._shell = shell
        self._check = check
        self._times = times
        self._output = Outgoing.at(shell.start.output, OUTPUT_WINDOW)
        self._input = Incoming.at(shell.start.input, INPUT_WINDOW)
        self._room_for_more = asyncio.Event()
        self._typed: asyncio.Queue[bytes] = asyncio.Queue()
        self._size: Resize | None = None
        self._resized = asyncio.Event()
        self._heard = monotonic()
        self._types = room.company.types
        self._attendance = Attendance(room, size, fit=self._fit_soon, tell=socket.send, check=check)

    @property
    def output(self) -> int:
        """The end of what was sent."""
        return self._output.sent

    @property
    def typed(self) -> int:
        """How many bytes have come."""
        return self._input.received - self._shell.start.input

    async def run(self, ready: Ready) -> Close:
        """Announce the terminal and serve it until one side ends it: what the browser is to be told, if it is there.

        Raises what the shell's calls raise when the engine fails.
        """
        try:
            await self._socket.send(ready)
            await self._attendance.enter()
            return await self._serve()
        except ProtocolError as error:
            return Close(Reason.MALFORMED, str(error))
        except Refused as refused:
            return refused.close
        except GoneError:
            return Close(Reason.LEFT)

    async def _serve(self) -> Close:
        return await race(
            output=self._show(),
            frames=self._listen(),
            input=self._type(),
            size=self._fit(),
            company=self._attend(),
            watch=self._watch(),
            rights=self._look(),
        )

    async def _listen(self) -> Close:
        while True:
            frame = await self._socket.receive()
            self._heard = monotonic()
            if isinstance(frame, Close):
                return Close(Reason.HANG_UP)
            await self._take(frame)

    async def _take(self, frame: ClientFrame) -> None:
        match frame:
            case Input(offset, data):
                await self._take_input(offset, data)
            case Acknowledge(offset):
                self._output.acknowledge(offset)
                self._room_for_more.set()
            case Resize():
                await self._attendance.resized(frame)
            case Ping(token):
                await self._socket.send(Pong(token))
            case Pong():
                pass
            case _:
                raise ProtocolError(f"{frame.opcode.name} has no place in a terminal that is open")

    async def _take_input(self, offset: int, data: bytes) -> None:
        if not self._types:
            raise Refused(Reason.FORBIDDEN, _("You watch this terminal, and may not type"))
        self._input.receive(offset, len(data))
        self._typed.put_nowait(data)
        await self._attendance.act()

    async def _show(self) -> Close:
        """Events of the shell. Only the output that the browser has room for is taken from the engine, which then holds
        back the shell. Room is waited for with an event in hand, so that acknowledgements of input come late at most
        by that: they bound what the browser keeps, and nothing waits for them but a paste."""
        while (event := await self._shell.read()) is not None:
            if isinstance(event, Taken):
                await self._acknowledge(event.offset)
            elif event.offset != self._output.sent:
                return Close(Reason.LAGGED, _("Output was skipped: this browser was too slow for it"))
            else:
                for start in range(0, len(event.data), MAX_CHUNK):
                    await self._send(event.data[start : start + MAX_CHUNK])
        return await self._shell.end()

    async def _acknowledge(self, taken: int) -> None:
        if (offset := self._input.consume(taken)) is not None:
            await self._socket.send(Acknowledge(offset))

    async def _send(self, data: bytes) -> None:
        while self._output.room < len(data):
            self._room_for_more.clear()
            await self._room_for_more.wait()
        await self._socket.send(Output(self._output.send(len(data)), data))

    async def _type(self) -> Close:
        """Input. The queue is bounded by the window, beyond which the browser must not send."""
        while True:
            await self._shell.write(await self._typed.get())

    def _fit_soon(self, size: Resize) -> None:
        self._size = size
        self._resized.set()

    async def _fit(self) -> Close:
        """Sizes: while one is under way to the engine, only the newest of those that follow counts."""
        while True:
            await self._resized.wait()
            self._resized.clear()
            if self._size is not None and self._attendance.leads:
                await self._shell.resize(self._size.rows, self._size.columns)
                await self._attendance.fitted()

    async def _attend(self) -> Close:
        await race(listen=self._attendance.listen(), remind=self._attendance.remind())
        raise RuntimeError("the company's loops have ended")

    async def _watch(self) -> Close:
        while True:
            await asyncio.sleep(self._times.ping)
            if monotonic() - self._heard > self._times.silent:
                return Close(Reason.SILENT, _("The browser has not answered for %d seconds") % self._times.silent)
            await self._socket.send(Ping())

    async def _look(self) -> Close:
        while True:
            await asyncio.sleep(self._times.check)
            await self._check()
