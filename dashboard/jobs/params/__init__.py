"""What each kind of job is told. Checked once, at the door; the row keeps the JSON, the worker reads it back."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, Final

from pydantic import ValidationError

from dashboard.jobs.params.base import Params
from dashboard.jobs.params.build import BuildParams
from dashboard.jobs.params.execute import ExecParams
from dashboard.jobs.params.images import CommitParams, LoadParams, PullParams, PushParams, SaveParams
from dashboard.jobs.params.kind import Kind
from dashboard.jobs.params.prune import PruneParams
from dashboard.jobs.params.redeploy import RedeployParams
from dashboard.jobs.params.run import Mount, Port, RunParams

__all__ = ["MODELS", "InvalidParams", "Kind", "Mount", "Params", "Port", "PullParams", "RunParams", "validated"]

MODELS: Final[Mapping[Kind, type[Params]]] = MappingProxyType(
    {
        Kind.PULL: PullParams,
        Kind.PUSH: PushParams,
        Kind.RUN: RunParams,
        Kind.BUILD: BuildParams,
        Kind.EXEC: ExecParams,
        Kind.COMMIT: CommitParams,
        Kind.SAVE: SaveParams,
        Kind.LOAD: LoadParams,
        Kind.PRUNE: PruneParams,
        Kind.REDEPLOY: RedeployParams,
    }
)


class InvalidParams(Exception):
    """The parameters can't be used. `problems` holds (field, reason) pairs, the field as in `ports.0.host_port`."""

    def __init__(self, kind: Kind, problems: list[tuple[str, str]]) -> None:
        self.problems = problems
        super().__init__(f"{kind.value}: " + "; ".join(f"{field}: {reason}" for field, reason in problems))


def validated(kind: Kind, data: Mapping[str, Any]) -> Params:
    """`data` as the parameters of a job of this kind; raises InvalidParams."""
    try:
        return MODELS[kind].model_validate(dict(data))
    except ValidationError as error:
        problems = [(".".join(map(str, item["loc"])), item["msg"]) for item in error.errors()]
        raise InvalidParams(kind, problems) from error
