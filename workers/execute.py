"""`docker exec` as a job. The program is started once: an attempt that can't tell whether it ran says so."""

from http import HTTPStatus
from typing import Any

from aiodocker import Docker
from aiodocker.exceptions import DockerError
from aiodocker.execs import Exec

from dashboard.containers.logs.frames import Stream
from dashboard.containers.oneshot import Program, create, exit_code, output
from dashboard.hosts.client import engine
from dashboard.jobs.output.entries import Level
from dashboard.jobs.params.execute import ExecParams
from dashboard.jobs.params.kind import Kind
from workers import job
from workers.app import app
from workers.lines import Lines
from workers.work import Attempt, Failed, Unknowable


class Execute:
    """The exec is noted with the engine, and its ID kept, before it is started: an attempt that follows asks for it.

    An engine can't end an exec: cancelled, the job lets go of the program, and says that it goes on.
    """

    leaves_traces = True

    async def do(self, attempt: Attempt[ExecParams]) -> dict[str, Any]:
        async with engine(attempt.host) as docker:
            run = await _known(docker, attempt) or await _new(docker, attempt)
            code = await exit_code(run)
        attempt.result["exit_code"] = code
        if code:
            raise Failed(f"The program ended with exit code {code}")
        return attempt.result

    async def undo(self, attempt: Attempt[ExecParams]) -> None:
        if "exit_code" not in attempt.result and "exec" in attempt.result:
            attempt.out.line("What was started in the container may go on: an engine can't end it", Level.NOTICE)


async def _new(docker: Docker, attempt: Attempt[ExecParams]) -> Exec:
    params = attempt.params
    program = Program(params.argv, params.environment, params.working_dir, params.user)
    run = await create(docker, params.container, program)
    await attempt.keep(exec=run.id)
    await _hear(attempt, run)
    return run


async def _known(docker: Docker, attempt: Attempt[ExecParams]) -> Exec | None:
    """What an attempt before this one noted: started here if it was not, and else waited for."""
    if "exec" not in attempt.result:
        return None
    run = Exec(docker, attempt.result["exec"], tty=False)
    try:
        shown = await run.inspect()
    except DockerError as error:
        if error.status != HTTPStatus.NOT_FOUND:
            raise
        raise Unknowable("The engine knows nothing of the program any more; whether it ran is not known") from error
    if not shown["Running"] and shown["ExitCode"] is None:
        await _hear(attempt, run)
    else:
        attempt.out.line("The program was started before; what it said meanwhile is lost", Level.NOTICE)
    return run


async def _hear(attempt: Attempt[ExecParams], run: Exec) -> None:
    lines = {Stream.STDOUT: Lines(attempt.out, Level.OUT), Stream.STDERR: Lines(attempt.out, Level.ERROR)}
    async for stream, data in output(run):
        lines[stream].feed(data)
    for each in lines.values():
        each.end()


def execute(job_id: str) -> None:
    job.run(job_id, Execute())


app.task(execute, name=Kind.EXEC.task)
