"""Instructions that change an image's config and none of its files: what they do to it, and their line in the history.

Both are those of Docker's classic builder, down to the words of the history.
"""

import hashlib
import posixpath
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from msgspec.structs import replace

from engine.build.dockerfile.instructions import (
    Arg,
    Cmd,
    Command,
    Entrypoint,
    Env,
    ExecForm,
    Expose,
    Healthcheck,
    Instruction,
    Label,
    Maintainer,
    Onbuild,
    Shell,
    Stopsignal,
    User,
    Volume,
)
from engine.build.dockerfile.script import DEFAULT_SHELL
from engine.image.config import Healthcheck as HealthConfig
from engine.image.config import RunConfig

_PLAIN: Final = re.compile(r"[\x20-\x7e]*")
_DIGEST: Final = re.compile(r"[0-9a-f]{64}")
_SMALL: Final = (("ns", 1), ("µs", 10**3), ("ms", 10**6))
_LARGE: Final = (("h", 3600 * 10**9), ("m", 60 * 10**9))


@dataclass(frozen=True)
class Change:
    """The config after an instruction, the instruction in the history's words, and what MAINTAINER says."""

    config: RunConfig
    words: str
    author: str | None = None


@dataclass(frozen=True, kw_only=True)
class Stand:
    """What else is to be known: the values of what an ARG declares, EXPOSE's words as the Dockerfile has them, and
    whether the stage has a CMD of its own already."""

    args: Mapping[str, str | None] = field(default_factory=dict)
    ports: Sequence[str] = ()
    has_command: bool = False


def apply(config: RunConfig, step: Instruction, stand: Stand) -> Change:
    """The change that `step` (expanded) makes. Raises TypeError for an instruction that is none of these."""
    match step:
        case Cmd() | Entrypoint():
            return _command(config, step, has_command=stand.has_command)
        case Env() | Label():
            return _pairs(config, step)
        case Expose(ports=ports):
            exposed: dict[str, Any] = {**(config.exposed_ports or {}), **{port: {} for port in ports}}
            return Change(replace(config, exposed_ports=exposed), f"EXPOSE {' '.join(stand.ports)}")
        case Arg(pairs=pairs):
            values = {name: stand.args.get(name) for name, _ in pairs}
            said = [name if value is None else f"{name}={value}" for name, value in values.items()]
            return Change(config, f"ARG {' '.join(said)}")
        case _:
            return _single(config, step)


def _single(config: RunConfig, step: Instruction) -> Change:
    match step:
        case Volume(paths=paths):
            volumes: dict[str, Any] = {**(config.volumes or {}), **{path: {} for path in paths}}
            return Change(replace(config, volumes=volumes), f"VOLUME [{' '.join(paths)}]")
        case Healthcheck(check=check):
            return Change(replace(config, healthcheck=check), f"HEALTHCHECK {_health(check)}")
        case Maintainer(name=name):
            return Change(config, f"MAINTAINER {name}", author=name)
        case _:
            return _word(config, step)


def _word(config: RunConfig, step: Instruction) -> Change:
    match step:
        case User(user=user):
            return Change(replace(config, user=user), f"USER {user}")
        case Stopsignal(signal=signal):
            return Change(replace(config, stop_signal=signal), f"STOPSIGNAL {signal}")
        case Shell(words=words):
            return Change(replace(config, shell=list(words)), f"SHELL [{' '.join(words)}]")
        case Onbuild(trigger=trigger):
            return Change(replace(config, on_build=[*(config.on_build or ()), trigger]), f"ONBUILD {trigger}")
        case _:
            raise TypeError(f"{step.keyword} changes more than an image's config")


def created_by(config: RunConfig, words: str, *, spaces: int = 2) -> str:
    """A line of the history for what is no command: `/bin/sh -c #(nop)  ENV a=b`."""
    return f"{' '.join(shell_of(config))} #(nop){' ' * spaces}{words}"


def digest_of_parts(digests: Sequence[str]) -> str:
    """One digest for several, itself for one: 64 hexadecimal digits."""
    if len(digests) == 1 and _DIGEST.fullmatch(digests[0]):
        return digests[0]
    return hashlib.sha256("\0".join(digests).encode(errors="surrogateescape")).hexdigest()


def shell_of(config: RunConfig) -> Sequence[str]:
    return config.shell or DEFAULT_SHELL


def working_dir(config: RunConfig, path: str) -> str:
    """The folder that WORKDIR means: a relative one lies in the one before."""
    joined = posixpath.normpath(posixpath.join(config.working_dir or "/", path))
    return "/" + joined.lstrip("/")


def _argv(config: RunConfig, command: Command) -> list[str]:
    return list(command.words) if isinstance(command, ExecForm) else [*shell_of(config), command.text]


def _command(config: RunConfig, step: Cmd | Entrypoint, *, has_command: bool) -> Change:
    """An entry point does away with the command of the image below, as that was the arguments of another one."""
    argv = _argv(config, step.command)
    words = f"{step.keyword} [{' '.join(map(_quoted, argv))}]"
    if isinstance(step, Cmd):
        return Change(replace(config, cmd=argv), words)
    return Change(replace(config, entrypoint=argv, cmd=config.cmd if has_command else None), words)


def _pairs(config: RunConfig, step: Env | Label) -> Change:
    words = f"{step.keyword} {' '.join(f'{name}={value}' for name, value in step.pairs)}"
    if isinstance(step, Label):
        return Change(replace(config, labels={**(config.labels or {}), **dict(step.pairs)}), words)
    env = {entry.partition("=")[0]: entry for entry in config.env or ()}
    env.update({name: f"{name}={value}" for name, value in step.pairs})
    return Change(replace(config, env=list(env.values())), words)


def _health(check: HealthConfig) -> str:
    """As Go prints the structure with %q."""
    test = " ".join(map(_quoted, check.test or ()))
    times = (check.interval, check.timeout, check.start_period, check.start_interval)
    retries = f"'\\x{check.retries:02x}'" if check.retries < 32 else repr(chr(check.retries))
    return f"&{{[{test}] {' '.join(_quoted(_duration(time)) for time in times)} {retries}}}"


def _duration(nanoseconds: int) -> str:
    """As Go writes a duration: `1m30s`."""
    if nanoseconds == 0:
        return "0s"
    for unit, size in _SMALL:
        if nanoseconds < 1000 * size:
            return f"{nanoseconds / size:g}{unit}"
    text, rest = "", nanoseconds
    for unit, size in _LARGE:
        count, rest = divmod(rest, size)
        if count or text:
            text += f"{count}{unit}"
    return f"{text}{rest / 10**9:g}s"


def _quoted(text: str) -> str:
    """As Go's %q: double quotes, with escapes for what is not to be printed."""
    if _PLAIN.fullmatch(text):
        return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'
    escapes = {"\n": "\\n", "\t": "\\t", "\r": "\\r", '"': '\\"', "\\": "\\\\"}
    return '"' + "".join(escapes.get(c, c if c.isprintable() else f"\\x{ord(c):02x}") for c in text) + '"'
