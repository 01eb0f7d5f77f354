"""What the parameters of all kinds share."""

from collections.abc import Mapping
from typing import Any, Final

from pydantic import BaseModel, ConfigDict

from dashboard.jobs.output.redact import masked

#: The fields that hold variables by their names.
_VARIABLES: Final = frozenset({"environment", "build_args"})


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

    def public(self) -> dict[str, Any]:
        """The parameters as JSON; variables that are secrets by their names are masked."""
        shown = self.model_dump(mode="json")
        return {name: masked(value) if name in _VARIABLES else value for name, value in shown.items()}

    @property
    def secrets(self) -> tuple[str, ...]:
        """Values that may be shown nowhere."""
        return ()


def asked(fields: Mapping[str, str]) -> list[tuple[str, str]]:
    """Those of `fields` that were asked for."""
    return [(name, value) for name, value in fields.items() if value]
