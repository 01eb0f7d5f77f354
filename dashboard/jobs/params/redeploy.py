"""Parameters of a redeployment."""

from typing import Annotated

from pydantic import Field

from dashboard.jobs.params.base import Params, asked
from dashboard.jobs.params.words import Tag


class RedeployParams(Params):
    """The running containers that were made from `references` are made anew from what these name now.

    A new container counts as good once its health check says so, within `patience` seconds; one without a check once
    it has run for `settling` seconds. Containers that are root on the host are left alone unless `privileged`, which
    whoever asks has to be permitted.
    """

    references: Annotated[tuple[Tag, ...], Field(min_length=1, max_length=32)]
    privileged: bool = False
    patience: Annotated[int, Field(ge=1, le=3600)] = 120
    settling: Annotated[int, Field(ge=0, le=600)] = 5

    @property
    def subject(self) -> str:
        return ", ".join(self.references)

    def shown(self) -> list[tuple[str, str]]:
        return asked(
            {
                "Images": " ".join(self.references),
                "Privileged containers": "also" if self.privileged else "",
                "Patience": f"{self.patience} s",
            }
        )
