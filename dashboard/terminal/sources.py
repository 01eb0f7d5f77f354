"""Streams that end with their connection: a plain exec's, and that to a container's own process.

Each owns its client of the engine, and closes it with itself.
"""

from typing import Any

import structlog
from aiodocker import Docker
from aiodocker.containers import DockerContainer
from aiodocker.exceptions import DockerError
from aiodocker.stream import Stream
from django.utils.translation import gettext as _

from dashboard.terminal import execs
from dashboard.terminal.protocol import Close, Reason

log = structlog.get_logger(__name__)


class ExecSource:
    """A plain exec's stream; `rest` is what has been read of it already."""

    def __init__(self, docker: Docker, stream: Stream, process: execs.Process, rest: bytes) -> None:
        self._docker = docker
        self._stream = stream
        self._process = process
        self._rest = rest

    async def read(self) -> bytes:
        if self._rest:
            data, self._rest = self._rest, b""
            return data
        return await read_out(self._stream)

    async def write(self, data: bytes) -> None:
        await self._stream.write_in(data)

    async def resize(self, rows: int, columns: int) -> None:
        await execs.resize(self._docker, self._process.exec_id, rows, columns)

    async def end(self) -> Close:
        return await execs.end_of(self._docker, self._process.exec_id)

    async def hang_up(self) -> None:
        await execs.hang_up(self._docker, self._process)

    async def close(self) -> None:
        await self._stream.close()
        await self._docker.close()


class ContainerSource:
    """A container's own process; without a terminal its lines end as a terminal wants them."""

    def __init__(self, docker: Docker, container: DockerContainer, stream: Stream, *, has_terminal: bool) -> None:
        self._docker = docker
        self._container = container
        self._stream = stream
        self._has_terminal = has_terminal

    @classmethod
    async def open(cls, docker: Docker, identifier: str, *, has_terminal: bool) -> "ContainerSource":
        """Attach, from now on; `docker` is closed when that fails. Raises DockerError."""
        container = docker.containers.container(identifier)
        keys = execs.DETACH_KEYS
        stream = container.attach(stdin=True, stdout=True, stderr=True, logs=False, detach_keys=keys)
        try:
            # Now, and not with the first use: a reader and a writer that come together would open one each.
            await stream.__aenter__()  # `close()` is the end of what begins here
        except BaseException:
            await docker.close()
            raise
        return cls(docker, container, stream, has_terminal=has_terminal)

    async def read(self) -> bytes:
        data = await read_out(self._stream)
        return data if self._has_terminal else data.replace(b"\n", b"\r\n")

    async def write(self, data: bytes) -> None:
        # Without a terminal nobody turns the Enter key into the end of a line.
        await self._stream.write_in(data if self._has_terminal else data.replace(b"\r", b"\n"))

    async def resize(self, rows: int, columns: int) -> None:
        if not self._has_terminal:
            return
        try:
            await self._container.resize(h=rows, w=columns)
        except DockerError as error:
            log.debug("container's terminal not resized", container=self._container.id, error=str(error.message))

    async def end(self) -> Close:
        state = await self._state()
        if state is None:
            return Close(Reason.ENDED, _("The container is gone"))
        if state.get("Running"):
            return Close(Reason.ENGINE, _("The engine closed the connection to a container that still runs"))
        return Close(Reason.ENDED, _("The container has stopped"), exit_code=state.get("ExitCode"))

    async def hang_up(self) -> None:
        """Leave: the process is the container's, not ours to end."""
        await self.close()

    async def close(self) -> None:
        await self._stream.close()
        await self._docker.close()

    async def _state(self) -> dict[str, Any] | None:
        try:
            state: dict[str, Any] = (await self._container.show())["State"]
        except DockerError as error:
            if error.status == 404:
                return None
            raise
        return state


async def read_out(stream: Stream) -> bytes:
    message = await stream.read_out()
    return b"" if message is None else bytes(message.data)
