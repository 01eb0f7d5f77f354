"""The variables that are seen at each place of a Dockerfile: the file's head, and a stage as it goes on."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Final

from engine.build.dockerfile.errors import SyntaxProblem
from engine.build.dockerfile.expand import expand
from engine.build.dockerfile.instructions import Arg

#: Build args that count without an ARG, in the Dockerfile's words and in RUN, and that are kept out of the history
#: and the cache's keys: they tell how to reach the network, not what to build.
PROXIES: Final = frozenset(
    name
    for base in ("HTTP_PROXY", "HTTPS_PROXY", "FTP_PROXY", "NO_PROXY", "ALL_PROXY")
    for name in (base, base.lower())
)


def platform_args(build: str, target: str, stage: str) -> dict[str, str]:
    """BUILD… and TARGET… of two platforms (`linux/arm64/v8`), and TARGETSTAGE; a stage sees them after an ARG."""
    return {**_platform("BUILD", build), **_platform("TARGET", target), "TARGETSTAGE": stage or "default"}


def _platform(prefix: str, text: str) -> dict[str, str]:
    system, architecture, variant, *_ = (*text.split("/"), "", "")
    return {
        f"{prefix}PLATFORM": text,
        f"{prefix}OS": system,
        f"{prefix}ARCH": architecture,
        f"{prefix}VARIANT": variant,
    }


def head_args(args: Sequence[Arg], given: Mapping[str, str], known: Mapping[str, str], escape: str) -> dict[str, str]:
    """The values of the ARGs before the first FROM, and `known` (the platforms'). Raises ParseError.

    A build arg wins over a default, and over what is known; each default may use those above it.
    """
    values = dict(known) | {name: given[name] for name in known if name in given}
    for arg in args:
        for name, default in arg.pairs:
            if name in given:
                values[name] = given[name]
            elif default is not None:
                values[name] = _value(arg, default, values, escape)
    return values


def _value(arg: Arg, text: str, env: Mapping[str, str], escape: str) -> str:
    try:
        return expand(text, env, escape)
    except SyntaxProblem as problem:
        raise arg.error(problem) from problem


@dataclass(frozen=True)
class Scope:
    """A stage's variables at one of its instructions.

    `env` is the image's environment so far, `args` the ARGs declared so far that have a value; `head` holds the values
    from the file's head, which an ARG without a value of its own takes up, and `given` the build args.
    """

    env: Mapping[str, str]
    given: Mapping[str, str] = field(default_factory=dict)
    head: Mapping[str, str] = field(default_factory=dict)
    escape: str = "\\"
    args: Mapping[str, str] = field(default_factory=dict)

    @property
    def variables(self) -> dict[str, str]:
        """What `$name` stands for. ENV wins over an ARG of the same name, whichever comes first."""
        return self.run_environment

    @property
    def run_environment(self) -> dict[str, str]:
        """What a RUN step's processes get: the image's environment, the ARGs, and proxies given as build args."""
        proxies = {name: value for name, value in self.given.items() if name in PROXIES}
        return {**proxies, **self.args, **self.env}

    @property
    def counted_args(self) -> dict[str, str]:
        """The ARGs that a RUN step's result may depend on, by name: part of its key in the cache and of its history."""
        return {name: self.args[name] for name in sorted(self.args) if name not in self.env}

    def declare(self, arg: Arg) -> "Scope":
        """After an ARG as written (not expanded). Raises ParseError."""
        scope = self
        for name, default in arg.pairs:
            value = scope._argument(arg, name, default)
            if value is not None:
                scope = replace(scope, args={**scope.args, name: value})
        return scope

    def _argument(self, arg: Arg, name: str, default: str | None) -> str | None:
        if name in self.given:
            return self.given[name]
        return self.head.get(name) if default is None else _value(arg, default, self.variables, self.escape)

    def set(self, pairs: Sequence[tuple[str, str]]) -> "Scope":
        """After an ENV, whose pairs are expanded."""
        return replace(self, env={**self.env, **dict(pairs)})
