"""The API's version: what this engine speaks, and the optional `/v1.NN` in front of every path."""

import re
from typing import Final, NamedTuple

from aiohttp import web

from engine.errors import InvalidParameter


class ApiVersion(NamedTuple):
    major: int
    minor: int

    def __str__(self) -> str:
        return f"{self.major}.{self.minor}"


CURRENT: Final = ApiVersion(1, 48)
MINIMUM: Final = ApiVersion(1, 24)
API_VERSION: Final = web.RequestKey("api_version", ApiVersion)
_PREFIX: Final = re.compile(r"/v([0-9]{1,4})\.([0-9]{1,4})(?=/|$)")


def split_path(path: str) -> tuple[ApiVersion, str]:
    """The version that a path asks for (the current one where it asks for none) and the path without it."""
    match = _PREFIX.match(path)
    if match is None:
        return CURRENT, path
    return ApiVersion(int(match[1]), int(match[2])), path[match.end() :] or "/"


def api_version(request: web.Request) -> ApiVersion:
    """The version that the client speaks; the application puts it into the request."""
    return request[API_VERSION]


def check_version(version: ApiVersion) -> None:
    """Raise InvalidParameter, in Docker's words, for a version that this engine does not speak."""
    if version > CURRENT:
        raise InvalidParameter(f"client version {version} is too new. Maximum supported API version is {CURRENT}")
    if version < MINIMUM:
        raise InvalidParameter(
            f"client version {version} is too old. Minimum supported API version is {MINIMUM}, "
            "please upgrade your client to a newer version"
        )
