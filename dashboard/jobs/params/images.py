"""Parameters of jobs about images: pull, push, commit, save and load."""

from typing import Annotated
from uuid import UUID

from pydantic import AliasChoices, Field, StringConstraints

from dashboard.jobs.params.base import Params, asked
from dashboard.jobs.params.words import Container, Image, ImageOrId, Platform, Tag


class PullParams(Params):
    """`docker pull`."""

    # Forms and rows of before call it `image`.
    reference: Image = Field(validation_alias=AliasChoices("reference", "image"))
    platform: Platform = ""

    @property
    def subject(self) -> str:
        return self.reference

    def shown(self) -> list[tuple[str, str]]:
        return asked({"Image": self.reference, "Platform": self.platform})


class PushParams(Params):
    """`docker push`."""

    reference: Tag

    @property
    def subject(self) -> str:
        return self.reference

    def shown(self) -> list[tuple[str, str]]:
        return asked({"Image": self.reference})


class CommitParams(Params):
    """`docker commit`: the container's files as an image called `reference`. `changes` are Dockerfile instructions."""

    container: Container
    reference: Tag
    author: Annotated[str, StringConstraints(max_length=255)] = ""
    comment: Annotated[str, StringConstraints(max_length=1024)] = ""
    changes: Annotated[
        tuple[Annotated[str, StringConstraints(max_length=4096, pattern=r"^[^\x00\n]*$")], ...], Field(max_length=64)
    ] = ()
    pause: bool = True

    @property
    def subject(self) -> str:
        return f"{self.container} as {self.reference}"

    def shown(self) -> list[tuple[str, str]]:
        return asked(
            {
                "Container": self.container,
                "Image": self.reference,
                "Author": self.author,
                "Comment": self.comment,
                "Changes": "; ".join(self.changes),
            }
        )


class SaveParams(Params):
    """`docker save`: the images as a tar file, to be fetched from the job."""

    images: Annotated[tuple[ImageOrId, ...], Field(min_length=1, max_length=64)]

    @property
    def subject(self) -> str:
        return ", ".join(self.images)

    def shown(self) -> list[tuple[str, str]]:
        return asked({"Images": " ".join(self.images)})


class LoadParams(Params):
    """`docker load`: the images in an archive that was uploaded."""

    archive: UUID

    @property
    def subject(self) -> str:
        return f"archive {self.archive}"

    def shown(self) -> list[tuple[str, str]]:
        return asked({"Archive": str(self.archive)})
