"""Which of an instruction's fields variables are replaced in.

The reference names the instructions: ADD, COPY, ENV, EXPOSE, FROM, LABEL, STOPSIGNAL, USER, VOLUME, WORKDIR, and the
options of RUN's mounts. RUN, CMD, ENTRYPOINT and HEALTHCHECK leave variables to their shell, and an ONBUILD's are
replaced where it is triggered. ARG's are the scope's business, as one default may build on another.
"""

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import TypeVar, cast

from engine.build.dockerfile.errors import SyntaxProblem
from engine.build.dockerfile.expand import expand, expand_text, expand_words
from engine.build.dockerfile.instructions import (
    Add,
    Copy,
    Env,
    Expose,
    From,
    Heredoc,
    Instruction,
    Label,
    Run,
    Stopsignal,
    Transfer,
    User,
    Volume,
    Workdir,
)
from engine.build.dockerfile.mount_flag import expanded
from engine.build.dockerfile.ports import exposed_ports
from engine.container.signals import signal_number
from engine.errors import InvalidParameter

I = TypeVar("I", bound=Instruction)  # noqa: E741 - an instruction
Word = Callable[[str], str]


def expand_instruction(instruction: I, env: Mapping[str, str], escape: str) -> I:
    """The instruction with its variables replaced from `env`, quotes and escapes gone. Raises ParseError."""

    def word(text: str) -> str:
        return expand(text, env, escape)

    try:
        return cast(I, _expanded(instruction, word, env, escape))
    except SyntaxProblem as problem:
        raise instruction.error(problem) from problem


def _expanded(step: Instruction, word: Word, env: Mapping[str, str], escape: str) -> Instruction:
    match step:
        case Env() | Label():
            return replace(step, pairs=_pairs(step, word))
        case Add() | Copy():
            return _transfer(step, word, env)
        case Run():
            return replace(step, mounts=tuple(expanded(mount, word) for mount in step.mounts))
        case Expose():
            words = [part for port in step.ports for part in expand_words(port, env, escape)]
            return replace(step, ports=exposed_ports(tuple(words)))
        case _:
            return _single(step, word)


def _single(step: Instruction, word: Word) -> Instruction:
    match step:
        case Volume():
            return replace(step, paths=_volumes(step, word))
        case User():
            return replace(step, user=word(step.user))
        case Workdir():
            return replace(step, path=word(step.path))
        case Stopsignal():
            return replace(step, signal=_signal(step, word))
        case From():
            return replace(step, image=_image(step, word), platform=word(step.platform))
        case _:
            return step


def _pairs(step: Env | Label, word: Word) -> tuple[tuple[str, str], ...]:
    pairs = tuple((word(key), word(value)) for key, value in step.pairs)
    if not all(key for key, _ in pairs):
        raise SyntaxProblem(f"{step.keyword} names can not be blank")
    if isinstance(step, Env) and any("=" in key or "\0" in key + value for key, value in pairs):
        raise SyntaxProblem("ENV names can not hold =")
    return pairs


def _volumes(step: Volume, word: Word) -> tuple[str, ...]:
    paths = tuple(word(path) for path in step.paths)
    if not all(paths):
        raise SyntaxProblem("VOLUME specified can not be an empty string")
    return paths


def _signal(step: Stopsignal, word: Word) -> str:
    signal = word(step.signal)
    try:
        signal_number(signal)
    except InvalidParameter as error:
        raise SyntaxProblem(error.message) from error
    return signal


def _image(step: From, word: Word) -> str:
    image = word(step.image)
    if not image:
        raise SyntaxProblem(f"base name ({step.image}) should not be blank")
    return image


def _transfer(step: Transfer, word: Word, env: Mapping[str, str]) -> Transfer:
    grown = replace(
        step,
        sources=tuple(word(source) for source in step.sources),
        destination=word(step.destination),
        heredocs=tuple(_heredoc(heredoc, env) for heredoc in step.heredocs),
        chown=word(step.chown),
        chmod=word(step.chmod),
        exclude=tuple(word(pattern) for pattern in step.exclude),
    )
    return replace(grown, checksum=word(step.checksum)) if isinstance(grown, Add) and isinstance(step, Add) else grown


def _heredoc(heredoc: Heredoc, env: Mapping[str, str]) -> Heredoc:
    return replace(heredoc, content=expand_text(heredoc.content, env)) if heredoc.expand else heredoc
