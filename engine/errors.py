"""Errors named by cause.

Each error says what was tried, on what, and why it failed. What status it has on the wire is the business of
`engine.server.errors`; whether trying again can help is the error's own knowledge.
"""


class EngineError(Exception):
    """Something the engine could not do, for a reason of its own (a defect, a full disk, a failing program)."""

    retryable = False

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message


class InvalidParameter(EngineError):
    """The request is malformed or asks for a value that can't be."""


class Unauthorized(EngineError):
    """Credentials are missing or wrong."""


class Forbidden(EngineError):
    """The request is understood and refused."""


class NotFound(EngineError):
    """No object has that name or ID."""


class Conflict(EngineError):
    """The object's state, or another object, stands against the request."""


class NotModified(EngineError):
    """The object is already as the request wants it."""


class NotSupported(EngineError):
    """A part of the API that this engine, or this host, does not have."""


class Unavailable(EngineError):
    """A thing the request depends on (a registry, a runtime) does not answer now."""

    retryable = True
