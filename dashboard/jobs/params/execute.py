"""Parameters of a program that is run once in a running container."""

import shlex
from typing import Annotated

from pydantic import Field

from dashboard.jobs.output.redact import is_secret_name, masked
from dashboard.jobs.params.base import Params, asked
from dashboard.jobs.params.words import Container, Directory, UserName, VariableName, Word

Argv = Annotated[tuple[Word, ...], Field(min_length=1, max_length=4096, examples=[["uname", "-a"]])]


class ExecParams(Params):
    """`docker exec`, without a terminal and with nothing to read."""

    container: Container
    argv: Argv
    environment: dict[VariableName, Word] = Field(default_factory=dict)
    working_dir: Directory = ""
    user: UserName = ""

    @property
    def subject(self) -> str:
        return f"{self.argv[0]} in {self.container}"

    def shown(self) -> list[tuple[str, str]]:
        return asked(
            {
                "Container": self.container,
                "Command": shlex.join(self.argv),
                "Environment": " ".join(f"{name}={value}" for name, value in masked(self.environment).items()),
                "Directory": self.working_dir,
                "User": self.user,
            }
        )

    @property
    def secrets(self) -> tuple[str, ...]:
        return tuple(value for name, value in self.environment.items() if is_secret_name(name))
