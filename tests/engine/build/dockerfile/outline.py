"""A plan as text, for people to check and for tests to compare: what `corpus/*.plan` holds.

The first lines, `given …`, are what the build is asked for: `target=…`, `context=…` and build args. Then come the
stages that are needed, in the order of building, each with what it stands on and its instructions, expanded as for a
base without environment; or the error.
"""

from dataclasses import fields
from typing import Any

from engine.build.dockerfile.errors import ParseError
from engine.build.dockerfile.expansion import expand_instruction
from engine.build.dockerfile.instructions import Arg, Env, ExecForm, Heredoc, Instruction, Run, ShellForm
from engine.build.dockerfile.mount import Mount
from engine.build.dockerfile.parse import parse
from engine.build.dockerfile.plan import ContextOrigin, ImageOrigin, Origin, Plan, PlannedStage, StageOrigin, plan
from engine.build.dockerfile.script import run_script
from engine.image.config import Healthcheck

_COMMON = {"position", "original", "lines", "written"}


def outline(text: bytes, given: list[str]) -> str:
    """The plan, or the error, below the lines of `given`."""
    head = [f"given {one}" for one in given]
    try:
        return "\n".join([*head, *_planned(text, given), ""])
    except ParseError as error:
        return "\n".join([*head, f"error {error.message}", ""])


def _planned(text: bytes, given: list[str]) -> list[str]:
    options = [one.partition("=")[::2] for one in given]
    target = next((value for key, value in options if key == "target"), "")
    contexts = [value for key, value in options if key == "context"]
    arguments = {key: value for key, value in options if key not in {"target", "context"}}
    dockerfile = parse(text)
    lines = [
        f"warning {one.position.first}-{one.position.last} {one.rule}: {one.message}" for one in dockerfile.warnings
    ]
    if dockerfile.directives.escape != "\\":
        lines.append(f"escape {dockerfile.directives.escape}")
    lines += [f"{name} {value}" for name in ("syntax", "check") if (value := getattr(dockerfile.directives, name))]
    made = plan(dockerfile, target, arguments, contexts=contexts)
    lines += [f"unused {name}" for name in made.unused_args]
    return lines + [line for stage in made.stages for line in _stage(made, stage)]


def _stage(made: Plan, stage: PlannedStage) -> list[str]:
    lines = [f"stage {stage.index} {stage.stage.base.name or '-'} on {_origin(stage.base)}"]
    lines += [f"  from {name} = {_origin(origin)}" for name, origin in sorted(stage.origins.items())]
    scope = made.scope({})
    for instruction in stage.instructions:
        step = expand_instruction(instruction, scope.variables, made.escape)
        if isinstance(step, Arg):
            scope = scope.declare(step)
        if isinstance(step, Env):
            scope = scope.set(step.pairs)
        lines.append(f"  {step.position.first}-{step.position.last} {_shown(step)}")
    return [*lines, *([f"  args {scope.counted_args}"] if scope.args else [])]


def _origin(origin: Origin) -> str:
    match origin:
        case StageOrigin(index=index):
            return f"stage {index}"
        case ImageOrigin(reference=reference, platform=platform):
            return f"image {reference}" + (f" for {platform}" if platform else "")
        case ContextOrigin(name=name):
            return f"context {name}"
        case _:
            return "scratch"


def _shown(step: Instruction) -> str:
    if isinstance(step, Run):
        script = run_script(step)
        words = [f"argv={list(script.argv)}", *([f"file={script.content!r}"] if script.path else [])]
        return " ".join([step.keyword, *words, *_fields(step, skip={"command", "heredocs"})])
    return " ".join([step.keyword, *_fields(step)])


def _fields(value: Any, skip: frozenset[str] | set[str] = frozenset()) -> list[str]:
    shown = [one for one in fields(value) if one.name not in _COMMON | skip]
    return [f"{one.name}={_value(found)}" for one in shown if (found := getattr(value, one.name)) != one.default]


def _value(value: Any) -> str:
    match value:
        case ShellForm(text=text):
            return f"shell {text!r}"
        case ExecForm(words=words):
            return f"exec {list(words)}"
        case Heredoc() | Mount():
            return f"<{' '.join(_fields(value))}>"
        case Healthcheck():
            return str({name: given for name in value.__struct_fields__ if (given := getattr(value, name))})
        case tuple():
            return f"[{', '.join(map(_value, value))}]"
        case _:
            return repr(value)
