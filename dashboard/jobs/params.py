"""What each kind of job is told. Checked once, at the door; the row keeps the JSON, the worker reads it back."""

import re
import secrets
import shlex
from collections.abc import Mapping
from types import MappingProxyType
from typing import Annotated, Any, Final, Literal, Self

from django.db import models
from django.utils.translation import gettext_lazy as _
from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError, model_validator

from dashboard.jobs.output.redact import is_secret_name, masked

# The grammar of an image's name: a registry host with a port, path components in lower case, a tag, a digest.
# Source: distribution/reference.
_COMPONENT: Final = r"[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*"
_HOST: Final = r"(?:[a-zA-Z0-9](?:[a-zA-Z0-9.-]*[a-zA-Z0-9])?|\[[0-9a-fA-F:]+\])(?::[0-9]+)?"
_TAG: Final = r"[a-zA-Z0-9_][a-zA-Z0-9_.-]{0,127}"
_DIGEST: Final = r"[a-z0-9]+:[0-9a-f]{32,}"
_REFERENCE: Final = rf"^(?:{_HOST}/)?{_COMPONENT}(?:/{_COMPONENT})*(?::{_TAG})?(?:@{_DIGEST})?$"
# A name that Docker gives to a container.
_NAME: Final = r"^[a-zA-Z0-9][a-zA-Z0-9_.-]+$"
_PORT: Final = re.compile(
    r"(?:(?:(?P<ip>\[[^\]]*\]|[^:]*):)?(?P<host>[0-9]*):)?(?P<container>[0-9]+)(?:/(?P<protocol>[a-z]+))?"
)

Image = Annotated[str, StringConstraints(strip_whitespace=True, max_length=512, pattern=_REFERENCE)]
#: The kernel ends an argument at a NUL; nothing after it would reach the container.
Word = Annotated[str, StringConstraints(max_length=32 * 1024, pattern=r"^[^\x00]*$")]
VariableName = Annotated[str, StringConstraints(min_length=1, max_length=1024, pattern=r"^[^\x00=]+$")]
AbsolutePath = Annotated[str, StringConstraints(max_length=4096, pattern=r"^/[^\x00:]*$")]
Source = Annotated[str, StringConstraints(max_length=4096, pattern=r"^(?:/[^\x00:]*|[a-zA-Z0-9][a-zA-Z0-9_.-]+)$")]


class Kind(models.TextChoices):
    """The kinds of jobs; each has a model of parameters here and a module in `workers`."""

    PULL = "pull", _("Pull")
    RUN = "run", _("Run")

    @property
    def task(self) -> str:
        """The Celery task that does this kind of job: the console knows the workers by these names alone."""
        return f"portside.{self.value}"


class InvalidParams(Exception):
    """The parameters can't be used. `problems` holds (field, reason) pairs, the field as in `ports.0.host_port`."""

    def __init__(self, kind: Kind, problems: list[tuple[str, str]]) -> None:
        self.problems = problems
        super().__init__(f"{kind.value}: " + "; ".join(f"{field}: {reason}" for field, reason in problems))


class Value(BaseModel):
    """Unknown fields are refused, values do not change."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Params(Value):
    """The parameters of one kind of job."""

    @property
    def subject(self) -> str:
        """What the job is about, for people: an image's name."""
        raise NotImplementedError

    def shown(self) -> list[tuple[str, str]]:
        """(name, value) pairs for people, of what was asked for; secrets are masked."""
        raise NotImplementedError

    @property
    def secrets(self) -> tuple[str, ...]:
        """Values that may be shown nowhere."""
        return ()


class PullParams(Params):
    """`docker pull`. `platform` is `os[/arch[/variant]]`, empty for the host's own."""

    image: Image
    platform: Annotated[str, StringConstraints(pattern=r"^(?:[a-z0-9]+(?:/[a-z0-9_]+){0,2})?$")] = ""

    @property
    def subject(self) -> str:
        return self.image

    def shown(self) -> list[tuple[str, str]]:
        return _asked({"Image": self.image, "Platform": self.platform})


class Port(Value):
    """A published port; `host_port` 0 asks for any free one."""

    container_port: Annotated[int, Field(ge=1, le=65535)]
    protocol: Literal["tcp", "udp", "sctp"] = "tcp"
    host_ip: str = ""
    host_port: Annotated[int, Field(ge=0, le=65535)] = 0

    def __str__(self) -> str:
        address = f"[{self.host_ip}]" if ":" in self.host_ip else self.host_ip
        where = f"{address}:" if address else ""
        return f"{where}{self.host_port or ''}:{self.container_port}/{self.protocol}"

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read `[[host-ip:]host-port:]container-port[/protocol]`, as `docker run -p` does; raises ValueError."""
        if (match := _PORT.fullmatch(text.strip())) is None:
            raise ValueError(f"{text!r} is not a port: [[host-ip:]host-port:]container-port[/protocol]")
        return cls.model_validate(
            {
                "container_port": int(match["container"]),
                "protocol": match["protocol"] or "tcp",
                "host_ip": (match["ip"] or "").strip("[]"),
                "host_port": int(match["host"] or 0),
            }
        )


class Mount(Value):
    """A directory of the host (absolute) or a named volume, at `target` inside."""

    source: Source
    target: AbsolutePath
    read_only: bool = False

    def __str__(self) -> str:
        return f"{self.source}:{self.target}{':ro' if self.read_only else ''}"

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read `source:target[:ro|:rw]`, as `docker run -v` does; raises ValueError."""
        source, _colon, rest = text.strip().partition(":")
        target, _colon, mode = rest.partition(":")
        if mode not in {"", "ro", "rw"}:
            raise ValueError(f"{text!r} is not a mount: source:target[:ro]")
        return cls(source=source, target=target, read_only=mode == "ro")


class RunParams(Params):
    """`docker run -d`.

    The name is settled here, before a worker sees the job: the engine gives a name to one container only, so that
    an attempt which can't know what the attempt before it did never makes a second one.
    """

    image: Image
    name: Annotated[str, StringConstraints(max_length=255, pattern=_NAME)] = ""
    command: tuple[Word, ...] = ()
    entrypoint: tuple[Word, ...] = ()
    environment: dict[VariableName, Word] = Field(default_factory=dict)
    ports: tuple[Port, ...] = ()
    mounts: tuple[Mount, ...] = ()
    network: Annotated[str, StringConstraints(max_length=255, pattern=_NAME)] = "bridge"
    working_dir: Annotated[str, StringConstraints(pattern=r"^(?:/[^\x00]*)?$")] = ""
    user: Annotated[str, StringConstraints(max_length=255, pattern=r"^[^\x00\s]*$")] = ""
    tty: bool = False
    interactive: bool = False
    auto_remove: bool = False

    @model_validator(mode="before")
    @classmethod
    def _settle_name(cls, data: Any) -> Any:
        if isinstance(data, dict) and not data.get("name"):
            return {**data, "name": _invented_name(str(data.get("image", "")))}
        return data

    @property
    def subject(self) -> str:
        return f"{self.image} as {self.name}"

    def shown(self) -> list[tuple[str, str]]:
        return _asked(
            {
                "Image": self.image,
                "Name": self.name,
                "Command": shlex.join(self.command),
                "Entrypoint": shlex.join(self.entrypoint),
                "Environment": " ".join(f"{name}={value}" for name, value in masked(self.environment).items()),
                "Ports": " ".join(map(str, self.ports)),
                "Mounts": " ".join(map(str, self.mounts)),
                "Network": self.network,
                "Directory": self.working_dir,
                "User": self.user,
            }
        )

    @property
    def secrets(self) -> tuple[str, ...]:
        return tuple(value for name, value in self.environment.items() if is_secret_name(name))


MODELS: Final[Mapping[Kind, type[Params]]] = MappingProxyType({Kind.PULL: PullParams, Kind.RUN: RunParams})


def validated(kind: Kind, data: Mapping[str, Any]) -> Params:
    """`data` as the parameters of a job of this kind; raises InvalidParams."""
    try:
        return MODELS[kind].model_validate(dict(data))
    except ValidationError as error:
        problems = [(".".join(map(str, item["loc"])), item["msg"]) for item in error.errors()]
        raise InvalidParams(kind, problems) from error


def _asked(fields: Mapping[str, str]) -> list[tuple[str, str]]:
    return [(name, value) for name, value in fields.items() if value]


def _invented_name(image: str) -> str:
    """A readable name for a container of `image`, such as `redis-3f9a1c`."""
    base = re.sub(r"[^a-z0-9_.-]", "", image.partition("@")[0].rpartition("/")[2].partition(":")[0])
    return f"{base.strip('._-') or 'container'}-{secrets.token_hex(3)}"
