"""Which images a Dockerfile is made from: every FROM, COPY --from and RUN --mount from. Pure.

A reader for this alone, which knows as little of the language as that takes: the engine has the real one, and says what
is wrong. What is not clear to it (a variable without a value) it leaves out.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final

from pydantic import TypeAdapter, ValidationError

from dashboard.jobs.params.words import Image

_ESCAPE: Final = re.compile(r"^#\s*escape\s*=\s*([\\`])\s*$", re.IGNORECASE)
_HEREDOC: Final = re.compile(r"<<(-?)([\"']?)([a-zA-Z_][a-zA-Z0-9_]*)\2")
_VARIABLE: Final = re.compile(r"\$(?:(\w+)|\{(\w+)(?::([-+])([^}]*))?\})")
_MOUNT_FROM: Final = re.compile(r"(?:^|,)from=([^,\s]+)")
#: No image at all.
_NOTHING: Final = "scratch"
_IMAGE: Final[TypeAdapter[str]] = TypeAdapter(Image)


def bases_of(dockerfile: str, build_args: Mapping[str, str]) -> list[str]:
    """The images that it names, in their order and once each; without those that a digest holds still."""
    reader = _Reader(dict(build_args))
    for line in instructions(dockerfile):
        reader.read(line)
    return list(dict.fromkeys(name for name in reader.found if "@" not in name and _is_image(name)))


def instructions(dockerfile: str) -> Iterator[str]:
    """Its instructions, each as one line: without comments, with lines that go on joined, and no here-documents."""
    lines = iter(dockerfile.splitlines())
    escape = _escape_of(dockerfile)
    whole = ""
    for line in lines:
        if line.lstrip().startswith("#") or not line.strip():
            continue
        text = line.rstrip()
        if text.endswith(escape):
            whole += text[:-1] + " "
            continue
        whole += text
        for dash, _quote, word in _HEREDOC.findall(whole):
            _skip(lines, word, strip=bool(dash))
        yield whole.strip()
        whole = ""
    if whole.strip():
        yield whole.strip()


@dataclass
class _Reader:
    """What has been read so far. `given` are the build's arguments, `defaults` those of ARGs before the first FROM."""

    given: dict[str, str]
    defaults: dict[str, str] = field(default_factory=dict)
    stages: list[str] = field(default_factory=list)
    found: list[str] = field(default_factory=list)

    def read(self, line: str) -> None:
        word, _space, rest = line.partition(" ")
        match word.upper():
            case "ARG" if not self.stages:
                self._read_argument(rest)
            case "FROM":
                self._read_from(rest.split())
            case "COPY" | "ADD":
                self._take(_flag(rest, "from"))
            case "RUN":
                for mount in _flags(rest, "mount"):
                    match = _MOUNT_FROM.search(mount)
                    self._take(match[1] if match else "")

    def _read_argument(self, rest: str) -> None:
        for word in rest.split():
            name, _equals, value = word.partition("=")
            self.defaults[name] = self.given.get(name, self._filled(value.strip("\"'")))

    def _read_from(self, words: list[str]) -> None:
        words = [word for word in words if not word.startswith("--")]
        if words:
            self._take(words[0])
            is_named = len(words) == 3 and words[1].upper() == "AS"
            self.stages.append(words[2].lower() if is_named else "")

    def _take(self, name: str) -> None:
        name = self._filled(name.strip("\"'"))
        is_stage = name.lower() in self.stages or (name.isdecimal() and int(name) < len(self.stages))
        if name and name != _NOTHING and not is_stage:
            self.found.append(name)

    def _filled(self, text: str) -> str:
        return _VARIABLE.sub(self._value, text)

    def _value(self, match: re.Match[str]) -> str:
        value = self.defaults.get(match[1] or match[2], "")
        if match[3] == "-":
            return value or match[4]
        if match[3] == "+":
            return match[4] if value else ""
        return value


def _flags(text: str, name: str) -> Iterator[str]:
    """The values of the flags called `name` that `text` begins with, among others."""
    for word in text.split():
        if not word.startswith("--"):
            return
        if word.startswith(f"--{name}="):
            yield word.partition("=")[2]


def _flag(text: str, name: str) -> str:
    return next(_flags(text, name), "")


def _escape_of(dockerfile: str) -> str:
    """Directives stand before all else."""
    for line in dockerfile.splitlines():
        if match := _ESCAPE.match(line.strip()):
            return match[1]
        if not line.startswith("#"):
            break
    return "\\"


def _skip(lines: Iterator[str], word: str, *, strip: bool) -> None:
    for line in lines:
        if (line.lstrip("\t") if strip else line) == word:
            return


def _is_image(name: str) -> bool:
    try:
        _IMAGE.validate_python(name)
    except ValidationError:
        return False
    return True
