"""Why a piece of work is refused."""


class Refusal(Exception):
    """`kind` is the name of the error's class in `engine.errors`."""

    def __init__(self, message: str, kind: str = "InvalidParameter") -> None:
        super().__init__(message)
        self.kind = kind
