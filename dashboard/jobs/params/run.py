"""Parameters of a run."""

import re
import secrets
import shlex
from typing import Annotated, Any, Literal, Self

from pydantic import Field, model_validator

from dashboard.jobs.output.redact import is_secret_name, masked
from dashboard.jobs.params.base import Params, Value, asked
from dashboard.jobs.params.words import (
    PORT,
    AbsolutePath,
    Directory,
    Image,
    MountSource,
    Name,
    UserName,
    VariableName,
    Word,
)


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
        if (match := PORT.fullmatch(text.strip())) is None:
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

    source: MountSource
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
    name: Name = ""
    command: tuple[Word, ...] = ()
    entrypoint: tuple[Word, ...] = ()
    environment: dict[VariableName, Word] = Field(default_factory=dict)
    ports: tuple[Port, ...] = ()
    mounts: tuple[Mount, ...] = ()
    network: Name = "bridge"
    working_dir: Directory = ""
    user: UserName = ""
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
        return asked(
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


def _invented_name(image: str) -> str:
    """A readable name for a container of `image`, such as `redis-3f9a1c`."""
    base = re.sub(r"[^a-z0-9_.-]", "", image.partition("@")[0].rpartition("/")[2].partition(":")[0])
    return f"{base.strip('._-') or 'container'}-{secrets.token_hex(3)}"
