"""What a saved build builds: the parameters of its jobs, with tags that are made anew for each run."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Annotated, Any, Final

from pydantic import Field, StringConstraints, ValidationError, model_validator

from dashboard.jobs.output.redact import MASK
from dashboard.jobs.params.base import Value
from dashboard.jobs.params.build import BuildParams, GitSource, InlineSource
from dashboard.jobs.params.words import InnerPath, VariableName, Word

#: What stands for them in a tag: the day (of UTC), the number of the run, and, filled in by the worker, the commit.
DATE: Final = "{date}"
COUNTER: Final = "{counter}"

Template = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=512)]


class Definition(Value):
    """A saved build's source, and how it is built. `tags` are templates.

    `redeploy`: after a good build the containers that run its tags are made anew from the new image. `watch`: it is
    built anew when an image that it is made from has moved.
    """

    source: Annotated[InlineSource | GitSource, Field(discriminator="type")]
    dockerfile: InnerPath = "Dockerfile"
    tags: Annotated[tuple[Template, ...], Field(max_length=32, examples=[["registry.example:5000/app:{date}"]])] = ()
    build_args: dict[VariableName, Word] = Field(default_factory=dict)
    target: str = Field("", max_length=255)
    no_cache: bool = False
    pull: bool = False
    push: bool = False
    redeploy: bool = False
    watch: bool = False

    @model_validator(mode="after")
    def _check(self) -> "Definition":
        if self.redeploy and not self.tags:
            raise ValueError("a redeployment needs a tag by which its containers are found")
        try:
            BuildParams.model_validate(self.params(number=1, now=datetime(2026, 1, 1, tzinfo=UTC)))
        except ValidationError as error:
            first = error.errors()[0]
            place = ".".join(str(part) for part in first["loc"])
            raise ValueError(f"{place}: {first['msg']}" if place else str(first["msg"])) from error
        return self

    def params(self, *, number: int, now: datetime, pull: bool = False) -> dict[str, Any]:
        """The parameters of run `number`, as JSON. `pull`: its base images are fetched anew, whatever it says."""
        data = self.model_dump(mode="json", exclude={"redeploy", "watch"})
        tags = [filled(tag, number=number, now=now) for tag in self.tags]
        return data | {"tags": tags, "pull": self.pull or pull}


def filled(template: str, *, number: int, now: datetime) -> str:
    """A tag with the day and the number in their places."""
    return template.replace(DATE, f"{now.astimezone(UTC):%Y%m%d}").replace(COUNTER, str(number))


def unmasked(sent: Mapping[str, str], kept: Mapping[str, str]) -> dict[str, str]:
    """Arguments as they came back from somebody who was shown the secret ones masked."""
    return {name: kept.get(name, value) if value == MASK else value for name, value in sent.items()}
