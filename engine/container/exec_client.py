"""The one client of an exec session that does not last, and that of one which could not be run."""

import signal
from collections.abc import AsyncIterator

from engine.container.exec_session import Exec
from engine.container.streams import Chunk, Stream
from engine.execdriver.driver import AttachSocket, ExecDriver


class AttachedExec:
    """The one client of an exec (see `Session`); its chunks end when the exit code is known."""

    def __init__(self, session: Exec, socket: AttachSocket, execution: ExecDriver) -> None:
        self.tty = session.request.tty
        self._session = session
        self._socket = socket
        self._execution = execution
        self._left = False

    async def __aiter__(self) -> AsyncIterator[Chunk]:
        request = self._session.request
        wanted = {Stream.STDOUT: request.attach_stdout, Stream.STDERR: request.attach_stderr}
        while (packet := await self._socket.receive()) is not None:
            stream = Stream(packet[0])
            if wanted[stream]:
                yield Chunk(stream, packet[1])
        await self._session.ended.wait()

    async def write(self, data: bytes) -> None:
        if self._session.request.attach_stdin:
            await self._socket.send(data)

    async def close_stdin(self) -> None:
        if self._session.request.attach_stdin and not self.tty:
            self._socket.half_close()

    async def detach(self) -> None:
        if not self._left:
            self._left = True
            self._socket.close()

    async def close(self) -> None:
        """A terminal that is gone hangs up on its process (as a lost ssh does), so that no shell is left behind."""
        if not self._left and self.tty and self._session.request.attach_stdin and self._session.running:
            self._execution.signal(self._session.running, signal.SIGHUP)
        await self.detach()


class FailedSession:
    """The session of a command that could not be run: it says why, and ends."""

    def __init__(self, tty: bool, message: str) -> None:
        self.tty = tty
        self._message = message

    async def __aiter__(self) -> AsyncIterator[Chunk]:
        yield Chunk(Stream.STDOUT, f"{self._message}\r\n".encode())

    async def write(self, data: bytes) -> None:
        """Nobody reads."""

    async def close_stdin(self) -> None:
        """Nobody reads."""

    async def detach(self) -> None:
        """Nothing to leave."""

    async def close(self) -> None:
        """Nothing to close."""
