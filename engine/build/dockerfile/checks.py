"""BuildKit's build checks: advice about a file that is understood all the same.

Rules have BuildKit's names and words. `# check=skip=RuleName,OtherName` leaves some out (`skip=all` all of them), and
`# check=error=true` makes an error of what is found.
"""

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Final

from engine.build.dockerfile.errors import ParseError, SyntaxProblem
from engine.build.dockerfile.instructions import (
    Advice,
    Arg,
    Cmd,
    Dockerfile,
    Entrypoint,
    Env,
    From,
    Healthcheck,
    Instruction,
    Label,
    Maintainer,
    Shell,
    ShellForm,
    Stage,
    Workdir,
)
from engine.build.dockerfile.words import BLANK

_SECRET: Final = re.compile(
    r"(?:_|^)(?:apikey|auth|credentials?|key|password|pword|passwd|secret|token)(?:_|$)", re.IGNORECASE
)
_PUBLIC: Final = re.compile(r"(?:_|^)public(?:_|$)", re.IGNORECASE)
_ALL: Final = "all"

Found = Iterator[tuple[str, str, Instruction]]


@dataclass(frozen=True)
class Options:
    """What the `check` directive says."""

    skip: frozenset[str] = frozenset()
    is_error: bool = False

    def wants(self, rule: str) -> bool:
        return not self.skip & {_ALL, rule.lower()}


def read_options(text: str) -> Options:
    """`skip=A,B;error=true`. Raises SyntaxProblem."""
    options = Options()
    for part in filter(None, (one.strip() for one in text.split(";"))):
        key, has_value, value = part.partition("=")
        if key.strip() == "skip" and has_value:
            options = replace(options, skip=frozenset(name.strip().lower() for name in value.split(",")))
        elif key.strip() == "error" and value.strip().lower() in {"true", "false", "1", "0"}:
            options = replace(options, is_error=value.strip().lower() in {"true", "1"})
        else:
            raise SyntaxProblem(f'invalid check option "{part[:80]}": skip=<rules> and error=<true or false> are known')
    return options


def checked(dockerfile: Dockerfile) -> Dockerfile:
    """The file with all advice that its `check` directive wants. Raises ParseError where that makes it an error."""
    options = read_options(dockerfile.directives.check)
    found = [*dockerfile.warnings, *(Advice(rule, text, step.position) for rule, text, step in _advice(dockerfile))]
    wanted = sorted((one for one in found if options.wants(one.rule)), key=lambda one: (one.position.first, one.rule))
    if wanted and options.is_error:
        said = "\n".join(f"{one.rule}: {one.message} (line {one.position.first})" for one in wanted)
        rules = ", ".join(dict.fromkeys(one.rule for one in wanted))
        raise ParseError(f"lint violation found for rules: {rules}\n{said}", wanted[0].position)
    return replace(dockerfile, warnings=tuple(wanted))


def _advice(dockerfile: Dockerfile) -> Found:
    yield from _duplicate_names(dockerfile)
    names: set[str] = set()
    for arg in dockerfile.meta_args:
        yield from _step(arg)
    for stage in dockerfile.stages:
        yield from _from(stage.base)
        yield from _repeated(stage)
        yield from _commands(stage)
        yield from _first_workdir(stage, is_on_stage=stage.base.image.lower() in names)
        names.add(stage.base.name)
        for step in stage.instructions:
            yield from _step(step)


def _duplicate_names(dockerfile: Dockerfile) -> Found:
    names: set[str] = set()
    for stage in dockerfile.stages:
        name = stage.base.name
        if name and name in names:
            yield "DuplicateStageName", f'Duplicate stage name "{name}", stage names should be unique', stage.base
        names.add(name)


def _from(base: From) -> Found:
    words = BLANK.split(base.original)
    if base.name and words[-1] != base.name:
        yield "StageNameCasing", f"Stage name '{words[-1]}' should be lowercase", base
    if base.name and words[0].isupper() != words[-2].isupper():
        yield "FromAsCasing", f"'{words[-2]}' and '{words[0]}' keywords' casing do not match", base
    if base.name in {"scratch", "context"}:
        text = f'Stage name should not use the same name as reserved stage "{base.name}"'
        yield "ReservedStageName", text, base
    if base.platform.strip("${}") == "TARGETPLATFORM":
        text = f"Setting platform to predefined {base.platform} in FROM is redundant as this is the default behavior"
        yield "RedundantTargetPlatform", text, base
    if base.platform and "$" not in base.platform:
        text = f'FROM --platform flag should not use constant value "{base.platform}"'
        yield "FromPlatformFlagConstDisallowed", text, base


def _repeated(stage: Stage) -> Found:
    """Of some instructions only the last one counts."""
    seen: Counter[str] = Counter()
    for step in stage.instructions:
        if isinstance(step, Cmd | Entrypoint | Healthcheck):
            seen[step.keyword] += 1
            if seen[step.keyword] > 1:
                text = (
                    f"Multiple {step.keyword} instructions should not be used in the same stage because only the last"
                )
                yield "MultipleInstructionsDisallowed", f"{text} one will be used", step


def _commands(stage: Stage) -> Found:
    """A shell that somebody has chosen is meant."""
    if any(isinstance(step, Shell) for step in stage.instructions):
        return
    for step in stage.instructions:
        if isinstance(step, Cmd | Entrypoint) and isinstance(step.command, ShellForm):
            text = f"JSON arguments recommended for {step.keyword} to prevent unintended behavior related to OS signals"
            yield "JSONArgsRecommended", text, step


def _first_workdir(stage: Stage, *, is_on_stage: bool) -> Found:
    """A relative one builds on the folder of an image that may change, unless this file has set that itself."""
    first = next((step for step in stage.instructions if isinstance(step, Workdir)), None)
    if first and not is_on_stage and first.path.strip("\"'")[:1] not in {"/", "$"}:
        text = f'Relative workdir "{first.path}" can have unexpected results if the base image changes'
        yield "WorkdirRelativePath", text, first


def _step(step: Instruction) -> Found:
    match step:
        case Maintainer():
            yield "MaintainerDeprecated", "Maintainer instruction is deprecated in favor of using label", step
        case Env(pairs=pairs) | Arg(pairs=pairs):
            yield from _secrets(step, [name for name, _ in pairs])
    if isinstance(step, Env | Label) and _is_old_form(step):
        text = f'"{step.keyword} key=value" should be used instead of legacy "{step.keyword} key value" format'
        yield "LegacyKeyValueFormat", text, step


def _secrets(step: Instruction, names: list[str]) -> Found:
    for name in names:
        if _SECRET.search(name) and not _PUBLIC.search(name):
            text = f'Do not use ARG or ENV instructions for sensitive data ({step.keyword} "{name}")'
            yield "SecretsUsedInArgOrEnv", text, step


def _is_old_form(step: Env | Label) -> bool:
    """`KEY value`: one pair, whose key's word has no `=`."""
    words = BLANK.split(step.original)
    return len(step.pairs) == 1 and words[1] == step.pairs[0][0]
