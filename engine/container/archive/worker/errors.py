"""Why a request for a container's files is refused."""


class Refusal(Exception):
    """`kind` is the name of the error's class in `engine.errors`; the text is Docker's where Docker has one."""

    def __init__(self, kind: str, message: str) -> None:
        super().__init__(message)
        self.kind = kind


class PathMissing(Exception):
    """The path leads to nothing; who asked for it, and of what, the engine knows better than the worker."""


class BrokenTar(Exception):
    """The tar was begun and can't be ended."""
