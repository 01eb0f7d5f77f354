"""A Dockerfile's bytes to its stages and instructions."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Final

from engine.build.dockerfile.checks import checked
from engine.build.dockerfile.directives import DirectiveProblem, read_directives
from engine.build.dockerfile.errors import ParseError, SyntaxProblem, parse_error
from engine.build.dockerfile.instructions import Advice, Arg, Directives, Dockerfile, From, Instruction, Stage
from engine.build.dockerfile.lines import LineProblem, LineReader, LogicalLine, physical_lines
from engine.build.dockerfile.position import Position
from engine.build.dockerfile.readers import read
from engine.build.dockerfile.request import Common, make_request

#: Bytes. People write kilobytes, programs write tens of them.
SIZE_LIMIT: Final = 1 << 20
_NOT_UTF8: Final = re.compile("[\udc80-\udcff]")
_BOM: Final = b"\xef\xbb\xbf"


def parse(text: bytes) -> Dockerfile:
    """Raises ParseError, which shows the line, for whatever is no Dockerfile."""
    if len(text) > SIZE_LIMIT:
        raise ParseError(f"the Dockerfile has {len(text)} bytes: {SIZE_LIMIT} are the most")
    # Comments may be in any encoding; an instruction with such bytes is refused below.
    lines = physical_lines(text.removeprefix(_BOM).decode("utf-8", "surrogateescape"))
    directives, skip = _directives(lines)
    builder = _Builder(directives)
    for line in _logical(lines, LineReader(lines, directives.escape, skip)):
        builder.add(line, _instruction(line, lines, directives.escape))
    return builder.finish()


def parse_triggers(triggers: Sequence[str], base: From) -> tuple[Instruction, ...]:
    """A base image's `OnBuild` lines as instructions that stand where `base` does. Raises ParseError."""
    return tuple(instruction for trigger in triggers for instruction in _triggered(trigger, base))


def _triggered(trigger: str, base: From) -> Iterable[Instruction]:
    lines = physical_lines(trigger)
    try:
        for line in LineReader(lines, Directives().escape):
            common = Common(position=base.position, original=line.text, lines=(f"ONBUILD {trigger}",))
            yield read(make_request(line.text, line.heredocs, Directives().escape, common))
    except SyntaxProblem as problem:
        raise base.error(f"ONBUILD {trigger[:200]!r} of {base.image}: {problem}") from problem


def _directives(lines: Sequence[str]) -> tuple[Directives, int]:
    try:
        return read_directives(lines)
    except DirectiveProblem as problem:
        at = Position(problem.line, problem.line)
        raise parse_error(problem, at, _shown(lines, at)) from problem


def _logical(lines: Sequence[str], reader: Iterable[LogicalLine]) -> Iterable[LogicalLine]:
    try:
        yield from reader
    except LineProblem as problem:
        raise parse_error(problem, problem.position, _shown(lines, problem.position)) from problem


def _instruction(line: LogicalLine, lines: Sequence[str], escape: str) -> Instruction:
    shown = _shown(lines, line.position)
    try:
        _check_characters("".join(lines[line.position.first - 1 : line.position.last]))
        common = Common(position=line.position, original=line.text.strip(), lines=tuple(shown))
        return read(make_request(line.text, line.heredocs, escape, common))
    except SyntaxProblem as problem:
        raise parse_error(problem, line.position, shown) from problem


def _check_characters(text: str) -> None:
    if "\0" in text:
        raise SyntaxProblem("a NUL character can't be part of an instruction")
    if _NOT_UTF8.search(text):
        raise SyntaxProblem("the line is not UTF-8")


def _shown(lines: Sequence[str], at: Position) -> list[str]:
    texts = (line.rstrip("\r\n") for line in lines[at.first - 1 : at.last])
    return [text.encode("utf-8", "surrogateescape").decode("utf-8", "replace") for text in texts]


@dataclass
class _Builder:
    """Puts instructions into stages, as FROMs begin them."""

    directives: Directives
    meta_args: list[Arg] = field(default_factory=list)
    stages: list[tuple[From, list[Instruction]]] = field(default_factory=list)
    warnings: list[Advice] = field(default_factory=list)

    def add(self, line: LogicalLine, instruction: Instruction) -> None:
        if line.has_gap:
            text = f"Empty continuation line found in: {line.text.strip()}"
            self.warnings.append(Advice("NoEmptyContinuation", text, line.position))
        match instruction:
            case From():
                self.stages.append((instruction, []))
            case _ if self.stages:
                self.stages[-1][1].append(instruction)
            case Arg():
                self.meta_args.append(instruction)
            case _:
                raise instruction.error("no build stage in current context")

    def finish(self) -> Dockerfile:
        if not self.stages and not self.meta_args:
            raise ParseError("file with no instructions")
        if not self.stages:
            raise self.meta_args[-1].error("no build stage in current context")
        stages = (Stage(index, base, tuple(body)) for index, (base, body) in enumerate(self.stages))
        return checked(Dockerfile(self.directives, tuple(self.meta_args), tuple(stages), tuple(self.warnings)))
