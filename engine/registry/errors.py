"""A registry's refusals, in Docker's words."""

import re
from collections.abc import Mapping
from typing import Any, Final

import msgspec

from engine.errors import EngineError, Forbidden, InvalidParameter, NotFound, Unauthorized, Unavailable
from engine.image.reference import Reference

#: How much of an error's body is read, in bytes, and of its message shown, in characters.
BODY_LIMIT: Final = 64 << 10
_MESSAGE_LIMIT: Final = 500
_CONTROL: Final = re.compile(r"[\x00-\x1f\x7f-\x9f]+")
#: What a bare status stands for (OCI distribution spec, "Error Codes").
_CODES: Final = {
    401: ("UNAUTHORIZED", "authentication required"),
    403: ("DENIED", "requested access to the resource is denied"),
    404: ("MANIFEST_UNKNOWN", "manifest unknown"),
    429: ("TOOMANYREQUESTS", "too many requests"),
}

_MANIFEST: Final = "manifest for {full} not found: "
_NOT_FOUND: Final = {
    "DENIED": "pull access denied for {name}, repository does not exist or may require 'docker login': ",
    "MANIFEST_UNKNOWN": _MANIFEST,
    "MANIFEST_BLOB_UNKNOWN": _MANIFEST,
    "BLOB_UNKNOWN": _MANIFEST,
    "NAME_UNKNOWN": "repository {name} not found: ",
}


class Busy(Unavailable):
    """The registry asks for patience: `retry_after` seconds."""

    def __init__(self, message: str, retry_after: float) -> None:
        super().__init__(message)
        self.retry_after = retry_after


class _Entry(msgspec.Struct):
    code: str = ""
    message: str = ""
    detail: Any = None


class _Body(msgspec.Struct):
    errors: list[_Entry] = msgspec.field(default_factory=list)


def refusal(status: int, body: bytes, challenge: Mapping[str, str], reference: Reference) -> EngineError:
    """The error that a response means; `challenge` holds the parameters of its Bearer challenge, where it has one."""
    if status >= 500:
        return Unavailable(f"{reference.host}: received unexpected HTTP status {status}")
    code, message = _told(status, body, challenge)
    said = f"{code.lower().replace('_', ' ')}: {message}" if code else message
    if kind := _NOT_FOUND.get(code):
        return NotFound(kind.format(name=reference.familiar_name, full=reference.familiar) + said)
    if code == "UNAUTHORIZED":
        return Unauthorized(said)
    if code == "TOOMANYREQUESTS":
        return Unavailable(said)
    return InvalidParameter(f"{reference.host} answered with HTTP status {status}: {said}")


def push_refusal(status: int, body: bytes, challenge: Mapping[str, str], reference: Reference) -> EngineError:
    """The same of a response to a push, where `denied` and `not found` mean no more than they say."""
    if status >= 500:
        return Unavailable(f"{reference.host}: received unexpected HTTP status {status}")
    code, message = _told(status, body, challenge)
    said = f"{code.lower().replace('_', ' ')}: {message}" if code else message
    if code == "TOOMANYREQUESTS":
        return Unavailable(said)
    kinds: dict[int, type[EngineError]] = {401: Unauthorized, 403: Forbidden, 404: NotFound}
    kind = Forbidden if code == "DENIED" else kinds.get(status, InvalidParameter)
    return kind(said)


def _told(status: int, body: bytes, challenge: Mapping[str, str]) -> tuple[str, str]:
    """The code and the message: of the challenge (RFC 6750, 3.1), the body, or the bare status."""
    if challenge.get("error") == "insufficient_scope":
        return "DENIED", readable(challenge.get("error_description", "")) or _CODES[403][1]
    try:
        entries = msgspec.json.decode(body[:BODY_LIMIT], type=_Body).errors
    except (msgspec.DecodeError, RecursionError, UnicodeError):
        entries = []
    if not entries:
        return _CODES.get(status, ("", f"HTTP status {status}"))
    return readable(entries[0].code), readable(entries[0].message) or _CODES.get(status, ("", ""))[1]


def readable(text: str) -> str:
    """A stranger's text for a terminal and a log: short, on one line, without control characters."""
    return _CONTROL.sub(" ", text[:_MESSAGE_LIMIT]).strip()
