"""The words that parameters are made of, each with Docker's or the kernel's rule for it."""

import re
from typing import Annotated, Final

from pydantic import Field, StringConstraints

# The grammar of an image's name: a registry host with a port, path components in lower case, a tag, a digest.
# Source: distribution/reference.
_COMPONENT: Final = r"[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*"
_HOST: Final = r"(?:[a-zA-Z0-9](?:[a-zA-Z0-9.-]*[a-zA-Z0-9])?|\[[0-9a-fA-F:]+\])(?::[0-9]+)?"
_REPOSITORY: Final = rf"(?:{_HOST}/)?{_COMPONENT}(?:/{_COMPONENT})*"
_TAG: Final = r"[a-zA-Z0-9_][a-zA-Z0-9_.-]{0,127}"
_DIGEST: Final = r"[a-z0-9]+:[0-9a-f]{32,}"
# A name that Docker gives to a container.
_NAME: Final = r"^[a-zA-Z0-9][a-zA-Z0-9_.-]+$"
_IMAGE_ID: Final = r"^(?:sha256:)?[0-9a-f]{12,64}$"

#: An image by name, as in `registry:5000/team/app:1@sha256:…`.
Image = Annotated[
    str,
    StringConstraints(strip_whitespace=True, max_length=512, pattern=rf"^{_REPOSITORY}(?::{_TAG})?(?:@{_DIGEST})?$"),
    Field(examples=["registry.example:5000/team/app:1"]),
]
#: A name that an image can be given: no digest.
Tag = Annotated[
    str,
    StringConstraints(strip_whitespace=True, max_length=512, pattern=rf"^{_REPOSITORY}(?::{_TAG})?$"),
    Field(examples=["registry.example:5000/team/app:1"]),
]
#: A name whose tag has the commit that was built in the place of `{commit}`.
TagTemplate = Annotated[
    str,
    StringConstraints(
        strip_whitespace=True,
        max_length=512,
        pattern=rf"^{_REPOSITORY}(?::(?:[a-zA-Z0-9_]|\{{commit\}})(?:[a-zA-Z0-9_.-]|\{{commit\}}){{0,127}})?$",
    ),
    Field(examples=["registry.example:5000/team/app:1"]),
]
#: An image by name or ID.
ImageOrId = Annotated[
    str,
    StringConstraints(
        strip_whitespace=True,
        max_length=512,
        pattern=rf"{_IMAGE_ID}|^{_REPOSITORY}(?::{_TAG})?(?:@{_DIGEST})?$",
    ),
]
#: The kernel ends an argument at a NUL; nothing after it would reach the container.
Word = Annotated[str, StringConstraints(max_length=32 * 1024, pattern=r"^[^\x00]*$")]
VariableName = Annotated[str, StringConstraints(min_length=1, max_length=1024, pattern=r"^[^\x00=]+$")]
AbsolutePath = Annotated[str, StringConstraints(max_length=4096, pattern=r"^/[^\x00:]*$")]
Directory = Annotated[str, StringConstraints(max_length=4096, pattern=r"^(?:/[^\x00]*)?$")]
MountSource = Annotated[str, StringConstraints(max_length=4096, pattern=r"^(?:/[^\x00:]*|[a-zA-Z0-9][a-zA-Z0-9_.-]+)$")]
Name = Annotated[str, StringConstraints(max_length=255, pattern=_NAME), Field(examples=["web"])]
#: A user inside a container: name or number, with a group after a colon.
UserName = Annotated[str, StringConstraints(max_length=255, pattern=r"^[^\x00\s]*$")]
#: `os[/arch[/variant]]`, empty for the host's own.
Platform = Annotated[str, StringConstraints(pattern=r"^(?:[a-z0-9]+(?:/[a-z0-9_]+){0,2})?$")]
#: A container by name or ID.
Container = Annotated[
    str, StringConstraints(max_length=255, pattern=r"^[a-zA-Z0-9][a-zA-Z0-9_.-]*$"), Field(examples=["web"])
]
#: A path below a root that nobody can leave: relative, with no step up, none hidden in a backslash or a NUL.
InnerPath = Annotated[
    str, StringConstraints(min_length=1, max_length=4096, pattern=r"^(?:[^\x00\\/]+(?:/[^\x00\\/]+)*)$")
]

PORT: Final = re.compile(
    r"(?:(?:(?P<ip>\[[^\]]*\]|[^:]*):)?(?P<host>[0-9]*):)?(?P<container>[0-9]+)(?:/(?P<protocol>[a-z]+))?"
)


def climbs(path: str) -> bool:
    """Does `path` have a step that leads up, or nowhere?"""
    return any(part in {"", ".", ".."} for part in path.split("/"))
