"""Containers, as the API shows them."""

from datetime import datetime

from ninja import Field, Schema
from pydantic import ConfigDict

from dashboard.api.schemas.page import PageQuery
from dashboard.containers.state import State
from dashboard.hosts.models import LOCAL
from dashboard.jobs.params.execute import Argv
from dashboard.jobs.params.words import Directory, UserName, VariableName, Word


class PortShown(Schema):
    """A port; `public` is 0 where it is only exposed."""

    private: int
    protocol: str
    public: int
    address: str = Field(description="Empty: every address of the host")


class ContainerListed(Schema):
    """A container in a list."""

    id: str
    name: str
    image: str
    image_id: str
    command: str
    state: State
    status: str = Field(examples=["Up 3 minutes"])
    created: datetime
    ports: list[PortShown]
    volumes: list[str]
    networks: list[str]


class ContainersQuery(PageQuery):
    """Which containers."""

    host: str = Field(LOCAL, max_length=63)
    state: list[State] = Field(default_factory=list)
    name: str | None = Field(None, max_length=255, description="A part of the name")
    label: list[str] = Field(default_factory=list, description="`name` or `name=value`")


class LogQuery(Schema):
    """Which part of a container's log."""

    host: str = Field(LOCAL, max_length=63)
    tail: int = Field(1000, ge=0, le=100_000, description="So many lines, the last ones")
    since: int | None = Field(None, ge=0, le=2**40, description="Seconds since 1970")
    follow: bool = Field(default=False, description="Go on with what comes, until the container ends")
    timestamps: bool = False

    def params(self) -> dict[str, str]:
        """As the engine takes it."""
        flags = {"follow": self.follow, "timestamps": self.timestamps, "stdout": True, "stderr": True}
        params = {name: str(int(value)) for name, value in flags.items()} | {"tail": str(self.tail)}
        return params if self.since is None else params | {"since": str(self.since)}


class ExecOrder(Schema):
    """A program to run in a running container. No shell reads `argv`."""

    model_config = ConfigDict(extra="forbid")

    host: str = Field(LOCAL, max_length=63)
    argv: Argv
    environment: dict[VariableName, Word] = Field(default_factory=dict)
    working_dir: Directory = ""
    user: UserName = ""
    timeout: int = Field(60, ge=1, le=3600, description="Seconds; what takes longer is a job of kind `exec`")


class ExecAnswer(Schema):
    """What the program said, and how it ended."""

    exit_code: int
    stdout: str
    stderr: str
    truncated: bool = Field(description="It said more than is kept of each stream")


class HostQuery(Schema):
    """On which host."""

    host: str = Field(LOCAL, max_length=63)


class RemoveQuery(HostQuery):
    """How to remove."""

    force: bool = Field(default=False, description="Also where it runs, or is used")
