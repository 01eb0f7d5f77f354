"""What `commit --change` and `import --change` say of the new image: Dockerfile instructions that change its config.

Rules: the Dockerfile reference. An instruction is one line; those that need a build (RUN, COPY, FROM …) are refused.
"""

import re
import shlex
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

import msgspec
from msgspec.structs import replace

from engine.errors import InvalidParameter
from engine.image.config import Healthcheck, RunConfig

_SHELL: Final = ("/bin/sh", "-c")
_PORT: Final = re.compile(r"([0-9]{1,5})(?:-([0-9]{1,5}))?(?:/(tcp|udp|sctp))?")
_DURATION: Final = re.compile(r"([0-9]+(?:\.[0-9]*)?)(ns|us|µs|ms|s|m|h)")
_UNITS: Final = {"ns": 1, "us": 10**3, "µs": 10**3, "ms": 10**6, "s": 10**9, "m": 60 * 10**9, "h": 3600 * 10**9}
_FORBIDDEN_TRIGGERS: Final = frozenset({"ONBUILD", "FROM", "MAINTAINER"})


def apply(config: RunConfig, changes: Sequence[str]) -> RunConfig:
    """The config after all instructions, in their order. Raises InvalidParameter for one that is not allowed."""
    for change in changes:
        for line in filter(None, (line.strip() for line in change.splitlines())):
            config = _apply_one(config, line)
    return config


def _apply_one(config: RunConfig, line: str) -> RunConfig:
    word, _, rest = line.partition(" ")
    instruction = _INSTRUCTIONS.get(word.upper())
    if instruction is None:
        raise InvalidParameter(f"{word[:40].lower()} is not a valid change command")
    if not rest.strip():
        raise InvalidParameter(f"{word.upper()} requires at least one argument")
    return instruction(config, rest.strip())


def _cmd(config: RunConfig, rest: str) -> RunConfig:
    return replace(config, cmd=_command(config, rest))


def _entrypoint(config: RunConfig, rest: str) -> RunConfig:
    """A new entry point does away with the command that was the old one's arguments."""
    return replace(config, entrypoint=_command(config, rest), cmd=None)


def _env(config: RunConfig, rest: str) -> RunConfig:
    pairs = _pairs("ENV", rest)
    kept = [entry for entry in config.env or () if entry.partition("=")[0] not in pairs]
    return replace(config, env=[*kept, *(f"{name}={value}" for name, value in pairs.items())])


def _label(config: RunConfig, rest: str) -> RunConfig:
    return replace(config, labels={**(config.labels or {}), **_pairs("LABEL", rest)})


def _expose(config: RunConfig, rest: str) -> RunConfig:
    ports: dict[str, Any] = {port: {} for word in rest.split() for port in _ports(word)}
    return replace(config, exposed_ports={**(config.exposed_ports or {}), **ports})


def _volume(config: RunConfig, rest: str) -> RunConfig:
    paths = _array(rest)
    paths = rest.split() if paths is None else paths
    if not all(path.strip() for path in paths):
        raise InvalidParameter("VOLUME specified can not be an empty string")
    return replace(config, volumes={**(config.volumes or {}), **{path: {} for path in paths}})


def _user(config: RunConfig, rest: str) -> RunConfig:
    return replace(config, user=_single("USER", rest))


def _stop_signal(config: RunConfig, rest: str) -> RunConfig:
    return replace(config, stop_signal=_single("STOPSIGNAL", rest))


def _work_dir(config: RunConfig, rest: str) -> RunConfig:
    """A relative folder is one in the folder that was set before."""
    folder = rest if rest.startswith("/") else f"{config.working_dir.rstrip('/')}/{rest}"
    parts: list[str] = []
    for part in folder.split("/"):
        if part == "..":
            del parts[-1:]
        elif part not in {"", "."}:
            parts.append(part)
    return replace(config, working_dir="/" + "/".join(parts))


def _on_build(config: RunConfig, rest: str) -> RunConfig:
    trigger = rest.split(maxsplit=1)[0].upper()
    if trigger in _FORBIDDEN_TRIGGERS:
        raise InvalidParameter(f"{trigger} isn't allowed as an ONBUILD trigger")
    return replace(config, on_build=[*(config.on_build or ()), rest])


def _healthcheck(config: RunConfig, rest: str) -> RunConfig:
    words = rest.split()
    options: dict[str, str] = {}
    while words and words[0].startswith("--"):
        name, _, value = words.pop(0)[2:].partition("=")
        options[name] = value
        rest = rest.split(None, 1)[1] if words else ""
    kind = words[0].upper() if words else ""
    if kind == "NONE" and len(words) == 1 and not options:
        return replace(config, healthcheck=Healthcheck(test=["NONE"]))
    if kind != "CMD" or len(words) < 2:
        raise InvalidParameter(f"HEALTHCHECK: CMD with a command, or NONE, is expected, not {rest[:80]!r}")
    command = rest.split(None, 1)[1].strip()
    array = _array(command)
    test = ["CMD-SHELL", command] if array is None else ["CMD", *array]
    return replace(config, healthcheck=replace(_timing(options), test=test))


def _timing(options: Mapping[str, str]) -> Healthcheck:
    known: dict[str, Any] = {}
    for name, value in options.items():
        if name == "retries" and value.isdecimal() and len(value) < 9:
            known["retries"] = int(value)
        elif name in {"interval", "timeout", "start-period", "start-interval"}:
            known[name.replace("-", "_")] = _nanoseconds(name, value)
        else:
            raise InvalidParameter(f"HEALTHCHECK: unknown option or value --{name[:40]}={value[:40]}")
    return Healthcheck(**known)


def _nanoseconds(name: str, text: str) -> int:
    parts = _DURATION.findall(text)
    if not parts or "".join(number + unit for number, unit in parts) != text or len(text) > 40:
        raise InvalidParameter(f"HEALTHCHECK: invalid duration --{name}={text[:40]!r}")
    return int(sum(float(number) * _UNITS[unit] for number, unit in parts))


def _command(config: RunConfig, rest: str) -> list[str]:
    array = _array(rest)
    return [*(config.shell or _SHELL), rest] if array is None else array


def _array(text: str) -> list[str] | None:
    """The exec form, a JSON array of strings; None for what is none and so in the shell form."""
    if not text.startswith("["):
        return None
    try:
        return msgspec.json.decode(text, type=list[str])
    except msgspec.DecodeError:
        return None


def _pairs(instruction: str, rest: str) -> dict[str, str]:
    """`name=value …` with a shell's quotes, or the old form `name value` with the rest of the line as it is."""
    name, _, value = rest.partition(" ")
    if "=" not in name and value.strip():
        return {name: value.strip()}
    try:
        words = shlex.split(rest)
    except ValueError as error:
        raise InvalidParameter(f"{instruction}: {error}") from error
    if wrong := next((word for word in words if not word.partition("=")[1] or word.startswith("=")), None):
        raise InvalidParameter(f"{instruction}: name=value is expected, not {wrong[:80]!r}")
    return {word.partition("=")[0]: word.partition("=")[2] for word in words}


def _ports(text: str) -> list[str]:
    match = _PORT.fullmatch(text)
    first, last = (int(match[1]), int(match[2] or match[1])) if match else (0, 0)
    if match is None or not 0 < first <= last <= 0xFFFF:
        raise InvalidParameter(f"invalid containerPort: {text[:40]}")
    return [f"{port}/{match[3] or 'tcp'}" for port in range(first, last + 1)]


def _single(instruction: str, rest: str) -> str:
    if len(rest.split()) != 1:
        raise InvalidParameter(f"{instruction} requires exactly one argument")
    return rest


_INSTRUCTIONS: Final[Mapping[str, Callable[[RunConfig, str], RunConfig]]] = {
    "CMD": _cmd,
    "ENTRYPOINT": _entrypoint,
    "ENV": _env,
    "EXPOSE": _expose,
    "HEALTHCHECK": _healthcheck,
    "LABEL": _label,
    "ONBUILD": _on_build,
    "STOPSIGNAL": _stop_signal,
    "USER": _user,
    "VOLUME": _volume,
    "WORKDIR": _work_dir,
}
