"""What a container's `LogConfig` asks for: whether its output is kept, and how much of it.

`json-file` and `local` are one store here (the monitor's format, read back the same way). Where Docker's json-file
grows until the disk is full, a log that asks for nothing is bounded as Docker's `local` is: five files of 20 MB.
`max-size=-1` asks for a log without bounds.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final
from urllib.parse import quote_plus

from engine.container.config import ContainerConfig, LogConfig
from engine.errors import InvalidParameter, NotSupported

DEFAULT_DRIVER: Final = "json-file"
NO_DRIVER: Final = "none"
JOURNAL: Final = "journald"
_STORES: Final = frozenset({"json-file", "local"})
_DEFAULT_SIZE: Final = 20_000_000
_DEFAULT_FILES: Final = 5
_UNITS: Final = {"": 1, "k": 10**3, "m": 10**6, "g": 10**9, "t": 10**12, "p": 10**15}
_SIZE: Final = re.compile(r"(\d+(?:\.\d+)?) ?([kmgtp]?)(?:i?b)?", re.IGNORECASE)
#: Options that only Docker's own formats have a use for, and the values that ask for nothing.
_INERT: Final = {"compress": {"false"}, "mode": {"", "blocking"}}
_KNOWN: Final = frozenset({"max-size", "max-file", "labels", "labels-regex", "env", "env-regex"})


@dataclass(frozen=True, kw_only=True)
class LogPolicy:
    """`in_files` is false for the drivers `none` and `journald`; `max_size` in bytes a file, None for no bound.

    `journal_tag` is what the journal calls the container's entries, as the user wrote it; None outside the journal.
    """

    in_files: bool = True
    journal_tag: str | None = None
    max_size: int | None = _DEFAULT_SIZE
    max_files: int = _DEFAULT_FILES


def policy_of(config: LogConfig) -> LogPolicy:
    """Raises InvalidParameter for values that can't be, NotSupported for drivers and options that are not here."""
    driver, options = config.type or DEFAULT_DRIVER, config.config or {}
    if driver == NO_DRIVER:
        return LogPolicy(in_files=False)
    if driver == JOURNAL:
        return _journals(options)
    if driver not in _STORES:
        raise NotSupported(f"log driver {driver!r} is not supported: json-file, local, journald and none are")
    _check_names(driver, options)
    for name in ("labels-regex", "env-regex"):
        _pattern(options.get(name, ""))
    # A size alone means one file, as in Docker's json-file; nothing at all means the bounds of `local`.
    files = 1 if "max-size" in options and driver == "json-file" else _DEFAULT_FILES
    return LogPolicy(max_size=_size(options.get("max-size")), max_files=_files(options.get("max-file"), files))


def details_of(config: ContainerConfig, log: LogConfig) -> str:
    """What `docker logs --details` shows before each line: the chosen labels and variables, encoded as in a URL."""
    options = log.config or {}
    variables = dict(entry.split("=", 1) for entry in config.env or () if "=" in entry)
    chosen = {
        **_chosen(config.labels or {}, options.get("labels", ""), options.get("labels-regex", "")),
        **_chosen(variables, options.get("env", ""), options.get("env-regex", "")),
    }
    return ",".join(f"{quote_plus(name)}={quote_plus(value)}" for name, value in sorted(chosen.items()))


def _journals(options: Mapping[str, str]) -> LogPolicy:
    for name, value in options.items():
        if name in _KNOWN - {"max-size", "max-file"}:
            raise NotSupported(f"log opt {name!r} is not supported for journald: the monitor writes no further fields")
        if name == "mode" and value not in _INERT[name]:
            raise NotSupported(f"log opt {name}={value} is not supported")
        if name not in {"tag", "mode"}:
            raise InvalidParameter(f"unknown log opt '{name}' for journald log driver")
    tag = options.get("tag") or "{{.ID}}"
    tag_of(tag, identifier="", name="", image="")
    return LogPolicy(in_files=False, journal_tag=tag)


def tag_of(template: str, *, identifier: str, name: str, image: str) -> str:
    """Docker's tag templates, as far as they name one of these. Raises NotSupported for others."""
    values = {"{{.ID}}": identifier[:12], "{{.FullID}}": identifier, "{{.Name}}": name, "{{.ImageName}}": image}
    for known, value in values.items():
        template = template.replace(known, value)
    if "{{" in template:
        raise NotSupported(f"log opt tag={template} is not supported: {', '.join(values)} are")
    return template


def _chosen(values: Mapping[str, str], names: str, pattern: str) -> dict[str, str]:
    listed = set(names.split(",")) if names else set[str]()
    matches = _pattern(pattern)
    return {name: value for name, value in values.items() if name in listed or (matches and matches.search(name))}


def _pattern(text: str) -> re.Pattern[str] | None:
    try:
        return re.compile(text) if text else None
    except re.error as error:
        raise InvalidParameter(f"invalid regular expression {text!r} in a log opt: {error}") from None


def _check_names(driver: str, options: Mapping[str, str]) -> None:
    for name, value in options.items():
        if name in _INERT and value not in _INERT[name]:
            raise NotSupported(f"log opt {name}={value} is not supported")
        if name in {"tag", "max-buffer-size"}:
            raise NotSupported(f"log opt {name!r} is not supported")
        if name not in _KNOWN and name not in _INERT:
            raise InvalidParameter(f"unknown log opt '{name}' for {driver} log driver")


def _size(text: str | None) -> int | None:
    if text is None:
        return _DEFAULT_SIZE
    if text == "-1":
        return None
    match = _SIZE.fullmatch(text)
    if match is None:
        raise InvalidParameter(f"invalid size: '{text}'")
    size = int(float(match[1]) * _UNITS[match[2].lower()])
    if size <= 0:
        raise InvalidParameter("max-size must be a positive number")
    return size


def _files(text: str | None, default: int) -> int:
    if text is None:
        return default
    if not text.isdecimal():
        raise InvalidParameter(f"invalid max-file: {text!r} is not a number")
    if int(text) < 1:
        raise InvalidParameter("max-file cannot be less than 1")
    return int(text)
