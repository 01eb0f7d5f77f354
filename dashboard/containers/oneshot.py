"""One program, run once in a container that runs: argv in; output and exit code out."""

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from aiodocker import Docker
from aiodocker.execs import Exec

from dashboard.containers.logs.frames import Stream
from dashboard.hosts.client import engine
from dashboard.hosts.models import Host

#: Bytes kept of each stream; what comes beyond is read and let go, so that the program does not wait for us.
MOST: Final = 8 * 1024 * 1024
#: Seconds between two looks at a program whose streams have ended before it.
PAUSE: Final = 0.05


class TookTooLong(Exception):
    """The program still runs. An engine can't end it: it goes on."""


@dataclass(frozen=True)
class Program:
    """What to run; empty fields leave the choice to the container. No shell reads `argv`."""

    argv: Sequence[str]
    environment: Mapping[str, str] = field(default_factory=dict)
    working_dir: str = ""
    user: str = ""


@dataclass(frozen=True)
class Ended:
    """How it ended, and what it said."""

    exit_code: int
    stdout: bytes
    stderr: bytes
    is_truncated: bool


async def execute(host: Host, container: str, program: Program, *, seconds: float) -> Ended:
    """Run it and wait for its end. Raises EngineFailure, and TookTooLong."""
    kept: dict[Stream, bytearray] = {Stream.STDOUT: bytearray(), Stream.STDERR: bytearray()}
    is_truncated = False
    try:
        async with asyncio.timeout(seconds), engine(host) as docker:
            run = await create(docker, container, program)
            async for stream, data in output(run):
                room = MOST - len(kept[stream])
                kept[stream] += data[:room]
                is_truncated |= len(data) > room
            code = await exit_code(run)
    except TimeoutError as error:
        raise TookTooLong from error
    return Ended(code, bytes(kept[Stream.STDOUT]), bytes(kept[Stream.STDERR]), is_truncated)


async def create(docker: Docker, container: str, program: Program) -> Exec:
    """Make it ready to start. Raises DockerError."""
    return await docker.containers.container(container).exec(
        list(program.argv),
        environment=dict(program.environment) or None,
        workdir=program.working_dir or None,
        user=program.user,
    )


async def output(run: Exec) -> AsyncIterator[tuple[Stream, bytes]]:
    """Start it, and give what it says, until it has closed both streams. Raises DockerError."""
    async with run.start(detach=False) as streams:
        while (message := await streams.read_out()) is not None:
            yield Stream(message.stream), message.data


async def exit_code(run: Exec) -> int:
    """Wait for its end. It may go on without its streams. Raises DockerError."""
    while True:
        shown = await run.inspect()
        if not shown["Running"] and shown["ExitCode"] is not None:
            return int(shown["ExitCode"])
        await asyncio.sleep(PAUSE)
