"""What `commit --change` and `import --change` say of the new image: Dockerfile instructions that change its config.

Rules: the Dockerfile reference, as for builds. An instruction is one line; those that need a build (RUN, COPY, FROM …)
are refused.
"""

from collections.abc import Sequence
from typing import Final

from msgspec.structs import replace

from engine.build import metadata
from engine.build.dockerfile.errors import ParseError
from engine.build.dockerfile.expansion import expand_instruction
from engine.build.dockerfile.instructions import Expose, Instruction, Workdir
from engine.build.dockerfile.parse import parse
from engine.errors import InvalidParameter
from engine.image.config import RunConfig

#: As in Docker.
_ALLOWED: Final = frozenset(
    {"CMD", "ENTRYPOINT", "ENV", "EXPOSE", "HEALTHCHECK", "LABEL", "ONBUILD", "STOPSIGNAL", "USER", "VOLUME", "WORKDIR"}
)
_ESCAPE: Final = "\\"


def apply(config: RunConfig, changes: Sequence[str]) -> RunConfig:
    """The config after all instructions, in their order. Raises InvalidParameter for one that is not allowed."""
    has_command = False
    for change in changes:
        for line in filter(None, (line.strip() for line in change.splitlines())):
            step = _expanded(_read(line), config)
            config = _applied(config, step, has_command=has_command)
            has_command = has_command or step.keyword == "CMD"
    return config


def _read(line: str) -> Instruction:
    word = line.split(maxsplit=1)[0]
    if word.upper() not in _ALLOWED:
        raise InvalidParameter(f"{word[:40].lower()} is not a valid change command")
    try:
        (step,) = parse(f"FROM scratch\n{line}".encode(errors="surrogateescape")).stages[0].instructions
    except ParseError as error:
        raise _refusal(error) from error
    return step


def _expanded(step: Instruction, config: RunConfig) -> Instruction:
    env = {name: value for name, _, value in (entry.partition("=") for entry in config.env or ())}
    try:
        return expand_instruction(step, env, _ESCAPE)
    except ParseError as error:
        raise _refusal(error) from error


def _applied(config: RunConfig, step: Instruction, *, has_command: bool) -> RunConfig:
    if isinstance(step, Workdir):
        return replace(config, working_dir=metadata.working_dir(config, step.path))
    ports = step.ports if isinstance(step, Expose) else ()
    return metadata.apply(config, step, metadata.Stand(ports=ports, has_command=has_command)).config


def _refusal(error: ParseError) -> InvalidParameter:
    """The problem alone: there is no file in which to show a line."""
    return InvalidParameter(str(error.__cause__ or error.message))
