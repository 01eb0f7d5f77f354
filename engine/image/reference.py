"""Image references, as Docker reads and writes them: `[host[:port]/]path[:tag][@digest]`.

The grammar is that of the distribution project's reference package. A familiar name (`busybox`) stands for a full one
(`docker.io/library/busybox`); people are shown the familiar form.
"""

import re
from dataclasses import dataclass, replace
from typing import Final

from engine.errors import InvalidParameter
from engine.image.digest import check_digest, is_digest
from engine.image.glob import Glob

DEFAULT_HOST: Final = "docker.io"
DEFAULT_TAG: Final = "latest"
_LEGACY_HOST: Final = "index.docker.io"
_OFFICIAL: Final = "library/"
_NAME_LIMIT: Final = 255

_LABEL: Final = r"(?:[a-zA-Z0-9]|[a-zA-Z0-9][a-zA-Z0-9-]*[a-zA-Z0-9])"
_HOST: Final = rf"(?:{_LABEL}(?:\.{_LABEL})*|\[[a-fA-F0-9:]+\])(?::[0-9]+)?"
_COMPONENT: Final = r"[a-z0-9]+(?:(?:[._]|__|-+)[a-z0-9]+)*"
_TAG: Final = r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}"
_REFERENCE: Final = re.compile(
    rf"(?P<host>{_HOST})/(?P<path>{_COMPONENT}(?:/{_COMPONENT})*)(?::(?P<tag>{_TAG}))?(?:@(?P<digest>[^@]+))?"
)
_TAG_ONLY: Final = re.compile(_TAG)
_IDENTIFIER: Final = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True, slots=True)
class Reference:
    """A full name with a tag, a digest, both, or neither. `str()` is the canonical text."""

    host: str
    path: str
    tag: str | None = None
    digest: str | None = None

    @property
    def name(self) -> str:
        return f"{self.host}/{self.path}"

    @property
    def familiar_name(self) -> str:
        """Without what parsing adds. With it where the first folder would pass for a host, unlike in Docker."""
        first, slash, _ = self.path.partition("/")
        if self.host != DEFAULT_HOST or (slash and _is_host(first)):
            return self.name
        rest = self.path.removeprefix(_OFFICIAL)
        return self.path if "/" in rest else rest

    @property
    def familiar(self) -> str:
        """What people type and read: `busybox:latest`."""
        return self.familiar_name + self._suffix

    @property
    def _suffix(self) -> str:
        return (f":{self.tag}" if self.tag else "") + (f"@{self.digest}" if self.digest else "")

    def with_default_tag(self) -> "Reference":
        return self if self.tag or self.digest else replace(self, tag=DEFAULT_TAG)

    def tagged(self, tag: str) -> "Reference":
        """The same name with this tag and no digest; raises InvalidParameter for what can't be a tag."""
        if not _TAG_ONLY.fullmatch(tag):
            raise InvalidParameter("invalid tag format")
        return replace(self, tag=tag, digest=None)

    def pinned(self, digest: str) -> "Reference":
        """The same name with this digest and no tag."""
        return replace(self, tag=None, digest=check_digest(digest))

    def __str__(self) -> str:
        return self.name + self._suffix


def parse(text: str) -> Reference:
    """Read a reference; raises InvalidParameter in Docker's words."""
    if _IDENTIFIER.fullmatch(text):
        raise InvalidParameter(f"invalid repository name ({text}), cannot specify 64-byte hexadecimal strings")
    if not text:
        raise InvalidParameter("invalid reference format")
    host, rest = _split_host(text)
    path = rest.partition("@")[0].partition(":")[0]
    if path != path.lower():
        raise InvalidParameter(f"invalid reference format: repository name ({path}) must be lowercase")
    match = _REFERENCE.fullmatch(f"{host}/{rest}")
    if match is None:
        raise InvalidParameter("invalid reference format")
    if len(match["path"]) > _NAME_LIMIT:
        raise InvalidParameter(f"repository name must not be more than {_NAME_LIMIT} characters")
    if match["digest"] and not is_digest(match["digest"]):
        raise InvalidParameter("invalid reference format")
    return Reference(match["host"], match["path"], match["tag"], match["digest"])


def parse_any(text: str) -> Reference | str:
    """Read what may also be an image's whole ID, with or without `sha256:`; an ID is returned as a digest."""
    if _IDENTIFIER.fullmatch(text):
        return f"sha256:{text}"
    return text if is_digest(text) else parse(text)


def _split_host(text: str) -> tuple[str, str]:
    """The first part is a host when it could not be a folder of the default registry."""
    first, slash, rest = text.partition("/")
    if not slash:
        return DEFAULT_HOST, _OFFICIAL + text
    if first in {DEFAULT_HOST, _LEGACY_HOST}:
        return DEFAULT_HOST, rest if "/" in rest else _OFFICIAL + rest
    return (first, rest) if _is_host(first) else (DEFAULT_HOST, text)


def _is_host(first: str) -> bool:
    return first == "localhost" or "." in first or ":" in first or first != first.lower()


def matches(pattern: str, reference: Reference) -> bool:
    """Does `docker images PATTERN` mean this reference? A name matches all its tags. Raises InvalidParameter."""
    glob = Glob(pattern)
    return any(glob.fits(text) for text in (reference.familiar, reference.familiar_name))
