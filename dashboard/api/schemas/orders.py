"""What is sent to have a job done: its kind, its host, and the parameters of that kind."""

from typing import Annotated, Literal, TypeAlias

from ninja import Field, Schema
from pydantic import ConfigDict, RootModel

from dashboard.hosts.models import LOCAL
from dashboard.jobs.limits import DEFAULT_TIME_LIMIT, LONGEST
from dashboard.jobs.params.base import Params
from dashboard.jobs.params.build import BuildParams
from dashboard.jobs.params.execute import ExecParams
from dashboard.jobs.params.images import CommitParams, LoadParams, PullParams, PushParams, SaveParams
from dashboard.jobs.params.kind import Kind
from dashboard.jobs.params.prune import PruneParams
from dashboard.jobs.params.redeploy import RedeployParams
from dashboard.jobs.params.run import RunParams


class Order(Schema):
    """What the orders of all kinds share."""

    model_config = ConfigDict(extra="forbid")

    host: str = Field(LOCAL, max_length=63, description="The host's name")
    project: str = Field("", max_length=63, description="Whom what it makes belongs to; the only one need not be named")
    time_limit: int = Field(DEFAULT_TIME_LIMIT, ge=1, le=LONGEST, description="Seconds that it may take")


class PullOrder(Order):
    kind: Literal[Kind.PULL]
    parameters: PullParams


class PushOrder(Order):
    kind: Literal[Kind.PUSH]
    parameters: PushParams


class RunOrder(Order):
    kind: Literal[Kind.RUN]
    parameters: RunParams


class RunBody(Order):
    """What `POST /containers` is told."""

    parameters: RunParams

    def as_order(self) -> "JobOrder":
        return JobOrder(RunOrder(kind=Kind.RUN, **dict(self)))


class BuildOrder(Order):
    kind: Literal[Kind.BUILD]
    parameters: BuildParams


class ExecOrder(Order):
    kind: Literal[Kind.EXEC]
    parameters: ExecParams


class CommitOrder(Order):
    kind: Literal[Kind.COMMIT]
    parameters: CommitParams


class SaveOrder(Order):
    kind: Literal[Kind.SAVE]
    parameters: SaveParams


class LoadOrder(Order):
    kind: Literal[Kind.LOAD]
    parameters: LoadParams


class PruneOrder(Order):
    kind: Literal[Kind.PRUNE]
    parameters: PruneParams


class RedeployOrder(Order):
    kind: Literal[Kind.REDEPLOY]
    parameters: RedeployParams


AnyOrder: TypeAlias = Annotated[
    PullOrder
    | PushOrder
    | RunOrder
    | BuildOrder
    | ExecOrder
    | CommitOrder
    | SaveOrder
    | LoadOrder
    | PruneOrder
    | RedeployOrder,
    Field(discriminator="kind"),
]


class JobOrder(RootModel[AnyOrder]):
    """A job to be done."""

    @property
    def kind(self) -> Kind:
        return Kind(self.root.kind)

    @property
    def parameters(self) -> Params:
        return self.root.parameters

    @property
    def host(self) -> str:
        return self.root.host

    @property
    def project(self) -> str:
        return self.root.project

    @property
    def time_limit(self) -> int:
        return self.root.time_limit
