"""The Dockerfile's instructions as values, as written: nothing in them is expanded yet.

What holds for one form of an instruction only is a type (`ShellForm`, `ExecForm`), what a flag says is a field. Which
fields variables are replaced in is the business of `engine.build.dockerfile.expansion`.
"""

from dataclasses import dataclass, field
from typing import ClassVar

from engine.build.dockerfile.errors import ParseError, parse_error
from engine.build.dockerfile.mount import Mount
from engine.build.dockerfile.position import Position
from engine.image.config import Healthcheck as HealthConfig


@dataclass(frozen=True)
class Heredoc:
    """`<<NAME` and its lines. `expand`: the name was not quoted; `content` has lost its tabs where `<<-` says so."""

    name: str
    expand: bool
    content: str
    chomp: bool = False


@dataclass(frozen=True)
class ShellForm:
    """A line for the stage's shell, continuation lines joined; heredoc bodies are not in it."""

    text: str


@dataclass(frozen=True)
class ExecForm:
    """An argument vector: `["executable", "param"]`."""

    words: tuple[str, ...]


Command = ShellForm | ExecForm


@dataclass(frozen=True, kw_only=True)
class Instruction:
    """What every instruction has: where it stands, its text (continuation lines joined, flags included), its lines."""

    keyword: ClassVar[str]
    position: Position
    original: str
    lines: tuple[str, ...] = field(default=(), repr=False)

    def error(self, problem: object) -> ParseError:
        """What to raise when `problem` lies with this instruction: its lines are shown."""
        return parse_error(problem, self.position, self.lines or (self.original,))


@dataclass(frozen=True, kw_only=True)
class From(Instruction):
    """`FROM [--platform=…] image [AS name]`; `name` is in lower case, "" without `AS`."""

    keyword = "FROM"
    image: str
    name: str = ""
    platform: str = ""


@dataclass(frozen=True, kw_only=True)
class Run(Instruction):
    """`network` is default, none or host; `security` is sandbox or insecure.

    A RUN whose command is nothing but one heredoc has that heredoc as its script: see `engine.build.dockerfile.script`.
    """

    keyword = "RUN"
    command: Command
    heredocs: tuple[Heredoc, ...] = ()
    mounts: tuple[Mount, ...] = ()
    network: str = "default"
    security: str = "sandbox"


@dataclass(frozen=True, kw_only=True)
class Cmd(Instruction):
    keyword = "CMD"
    command: Command


@dataclass(frozen=True, kw_only=True)
class Entrypoint(Instruction):
    keyword = "ENTRYPOINT"
    command: Command


@dataclass(frozen=True, kw_only=True)
class Label(Instruction):
    keyword = "LABEL"
    pairs: tuple[tuple[str, str], ...]


@dataclass(frozen=True, kw_only=True)
class Maintainer(Instruction):
    keyword = "MAINTAINER"
    name: str


@dataclass(frozen=True, kw_only=True)
class Expose(Instruction):
    """The words as written; once expanded, each is `port/protocol` and ranges are spread out."""

    keyword = "EXPOSE"
    ports: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class Env(Instruction):
    keyword = "ENV"
    pairs: tuple[tuple[str, str], ...]


@dataclass(frozen=True, kw_only=True)
class Transfer(Instruction):
    """What ADD and COPY share. `heredocs` are files named after their terminators; `exclude` holds patterns.

    `chown` is "user[:group]", `chmod` octal or symbolic text; "" leaves owners to root and modes to the source's.
    """

    sources: tuple[str, ...]
    destination: str
    heredocs: tuple[Heredoc, ...] = ()
    chown: str = ""
    chmod: str = ""
    link: bool = False
    exclude: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Add(Transfer):
    """`unpack` None: local archives are unpacked and fetched ones are not."""

    keyword = "ADD"
    checksum: str = ""
    keep_git_dir: bool = False
    unpack: bool | None = None


@dataclass(frozen=True, kw_only=True)
class Copy(Transfer):
    """`from_` names a stage (by name or number), an image or a named context; "" is the build's context."""

    keyword = "COPY"
    from_: str = ""
    parents: bool = False


@dataclass(frozen=True, kw_only=True)
class Volume(Instruction):
    keyword = "VOLUME"
    paths: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class User(Instruction):
    keyword = "USER"
    user: str


@dataclass(frozen=True, kw_only=True)
class Workdir(Instruction):
    keyword = "WORKDIR"
    path: str


@dataclass(frozen=True, kw_only=True)
class Arg(Instruction):
    """Names with their defaults; None where the Dockerfile gives no default."""

    keyword = "ARG"
    pairs: tuple[tuple[str, str | None], ...]


@dataclass(frozen=True, kw_only=True)
class Onbuild(Instruction):
    """`trigger` is the text kept in the image (`OnBuild`); it was parsed, so it can be parsed again."""

    keyword = "ONBUILD"
    trigger: str


@dataclass(frozen=True, kw_only=True)
class Stopsignal(Instruction):
    keyword = "STOPSIGNAL"
    signal: str


@dataclass(frozen=True, kw_only=True)
class Healthcheck(Instruction):
    """`check.test` is `["NONE"]`, `["CMD", …]` or `["CMD-SHELL", line]`; times in nanoseconds, 0 inherits."""

    keyword = "HEALTHCHECK"
    check: HealthConfig


@dataclass(frozen=True, kw_only=True)
class Shell(Instruction):
    keyword = "SHELL"
    words: tuple[str, ...]


@dataclass(frozen=True)
class Directives:
    """The parser directives at the file's head. `syntax` and `check` are "" where there is none."""

    escape: str = "\\"
    syntax: str = ""
    check: str = ""


@dataclass(frozen=True)
class Advice:
    """What the file is advised against, though it is understood. `rule` is the name of the check (see `checks`)."""

    rule: str
    message: str
    position: Position


@dataclass(frozen=True)
class Stage:
    """One FROM and what follows it; stages are counted from 0."""

    index: int
    base: From
    instructions: tuple[Instruction, ...] = ()

    @property
    def name(self) -> str:
        """Its name, or its number where it has none."""
        return self.base.name or str(self.index)


@dataclass(frozen=True)
class Dockerfile:
    """A whole file. `meta_args` stand before the first FROM."""

    directives: Directives
    meta_args: tuple[Arg, ...]
    stages: tuple[Stage, ...]
    warnings: tuple[Advice, ...] = ()
