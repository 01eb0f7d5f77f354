"""Parameters of a build, and where its context comes from."""

import re
from typing import Annotated, Any, Final, Literal
from uuid import UUID

from pydantic import Field, StringConstraints, model_validator

from dashboard.jobs.output.redact import Redactor, is_secret_name, masked
from dashboard.jobs.params.base import Params, Value, asked
from dashboard.jobs.params.words import InnerPath, Platform, TagTemplate, VariableName, Word, climbs

#: What stands for the commit that is built, in a tag.
COMMIT: Final = "{commit}"
#: Bytes of all files of an inline source; what is larger is uploaded as an archive.
MAX_INLINE: Final = 1024 * 1024
# A URL, or the short form of ssh (`git@host:path`). It never begins with a dash: git must not take it for an option.
_GIT_URL: Final = (
    r"^(?:(?:https?|ssh|file)://[^\s\x00-\x1f]+|[a-zA-Z0-9_.]+@[a-zA-Z0-9.-]+:[^\s\x00-\x1f-][^\s\x00-\x1f]*)$"
)
# A branch, a tag or a commit, by git-check-ref-format as far as it guards the command line.
_GIT_REF: Final = r"^(?:[a-zA-Z0-9_][a-zA-Z0-9_./+@#-]*)?$"
_IN_URL_PASSWORD: Final = re.compile(r"(?<=://)[^\s/@:]*:(?P<password>[^\s/@]+)(?=@)")


class InlineSource(Value):
    """Files by their paths in the context: small ones, as an editor has them."""

    type: Literal["inline"]
    files: Annotated[dict[InnerPath, str], Field(min_length=1, max_length=256)]

    @model_validator(mode="after")
    def _check(self) -> "InlineSource":
        if bad := next((path for path in self.files if climbs(path)), None):
            raise ValueError(f"{bad!r} is not a path within the context")
        if (size := sum(len(text.encode()) for text in self.files.values())) > MAX_INLINE:
            raise ValueError(f"the files have {size} bytes, at most {MAX_INLINE} fit here: upload an archive")
        return self

    def __str__(self) -> str:
        return ", ".join(sorted(self.files))[:200]


class GitSource(Value):
    """A repository at a branch, tag or commit (`ref`; empty: its HEAD), and the directory in it to build from."""

    type: Literal["git"]
    url: Annotated[
        str,
        StringConstraints(max_length=2048, pattern=_GIT_URL),
        Field(examples=["https://git.example/team/app.git"]),
    ]
    ref: Annotated[str, StringConstraints(max_length=255, pattern=_GIT_REF)] = ""
    subdirectory: Annotated[str, StringConstraints(max_length=4096, pattern=r"^[^\x00\\]*$")] = ""
    submodules: bool = True

    @model_validator(mode="after")
    def _check(self) -> "GitSource":
        if self.subdirectory and climbs(self.subdirectory):
            raise ValueError(f"{self.subdirectory!r} is not a directory within the repository")
        if ".." in self.ref:
            raise ValueError(f"{self.ref!r} is not a branch, tag or commit")
        return self

    def __str__(self) -> str:
        return f"{self.url}{f'#{self.ref}' if self.ref else ''}{f':{self.subdirectory}' if self.subdirectory else ''}"


class ArchiveSource(Value):
    """An archive that was uploaded."""

    type: Literal["archive"]
    archive: UUID

    def __str__(self) -> str:
        return f"archive {self.archive}"


Source = Annotated[InlineSource | GitSource | ArchiveSource, Field(discriminator="type")]


class BuildParams(Params):
    """`docker build`, and with `push` a push of every tag after it. A repository's tags may name its `{commit}`."""

    source: Source
    dockerfile: InnerPath = "Dockerfile"
    tags: Annotated[tuple[TagTemplate, ...], Field(max_length=32)] = ()
    build_args: dict[VariableName, Word] = Field(default_factory=dict)
    labels: dict[VariableName, Word] = Field(default_factory=dict)
    target: Annotated[str, StringConstraints(max_length=255, pattern=r"^(?:[a-zA-Z0-9][a-zA-Z0-9_.-]*)?$")] = ""
    platform: Platform = ""
    no_cache: bool = False
    pull: bool = False
    push: bool = False

    @model_validator(mode="before")
    @classmethod
    def _read_archive(cls, data: Any) -> Any:
        """An uploaded archive may be named by its ID alone."""
        if isinstance(data, dict) and isinstance(data.get("source"), str):
            return {**data, "source": {"type": "archive", "archive": data["source"]}}
        return data

    @model_validator(mode="after")
    def _check(self) -> "BuildParams":
        if self.push and not self.tags:
            raise ValueError("a push needs a tag that says where to")
        if not isinstance(self.source, GitSource) and any(COMMIT in tag for tag in self.tags):
            raise ValueError(f"only a repository has a {COMMIT}")
        if climbs(self.dockerfile):
            raise ValueError(f"{self.dockerfile!r} is not a path within the context")
        return self

    @property
    def subject(self) -> str:
        return self.tags[0] if self.tags else Redactor()(str(self.source))

    def shown(self) -> list[tuple[str, str]]:
        return asked(
            {
                "Source": str(self.source),
                "Dockerfile": "" if self.dockerfile == "Dockerfile" else self.dockerfile,
                "Tags": " ".join(self.tags),
                "Arguments": " ".join(f"{name}={value}" for name, value in masked(self.build_args).items()),
                "Labels": " ".join(f"{name}={value}" for name, value in self.labels.items()),
                "Target": self.target,
                "Platform": self.platform,
                "Cache": "not used" if self.no_cache else "",
                "Base images": "pulled anew" if self.pull else "",
                "Push": "after the build" if self.push else "",
            }
        )

    @property
    def secrets(self) -> tuple[str, ...]:
        found = [value for name, value in self.build_args.items() if is_secret_name(name)]
        if isinstance(self.source, GitSource) and (match := _IN_URL_PASSWORD.search(self.source.url)):
            found.append(match["password"])
        return tuple(found)
